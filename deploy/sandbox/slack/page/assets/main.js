// Starts the page and joins its parts; it also owns the address bar and the keyboard.
//
// Address:  /?as=U0BOB&channel=C0ACMEOPS&thread=<ts>&ts=<message to point at>  (all optional)
// Keys:     Alt+P then a digit   become another person      Alt+Up/Down  next channel
//           F6 / Shift+F6        next region of the page    Escape       close thread
//           in a message list: Up/Down between messages, T opens the thread
//
// Hooks for browser tests (data-testid unless said otherwise):
//   frame               its data-ready is "yes" once a channel's messages are shown
//   person-switcher     opens `people`, whose buttons have data-person=<user id>
//   rail-person         data-become=<user id>: one click becomes that person
//   workspace, channel-title;  a channel in the sidebar: [data-channel], [data-unread]
//   messages, thread, thread-messages: article.message[data-ts][data-author][data-ephemeral]
//   only-you, edited, open-thread, close-thread
//   any block: [data-block-type][data-block-id]; what we cannot draw: [data-unsupported]
//   any element: [data-action-id] (+ data-value on buttons and pickers; aria-busy="true"
//   while its action is under way); picker-search and [role=option][data-value] in a picker
//   composer, send, composer-problem; thread-composer, thread-composer-send
//   autocomplete ([data-command] inside), usage-hint, and the same with thread- before
//   confirm (confirm-yes, confirm-no); modal[data-view-id] (view-submit, view-close, view-x),
//   an input's error: [data-error-for=<block id>]
//   toast[data-level], reconnecting, open-drawer, announcer

import { api, errorText } from "./api.js";
import { author } from "./avatar.js";
import { ChannelPane } from "./channel.js";
import { byId, h } from "./dom.js";
import { Events } from "./events.js";
import { watchKeys } from "./keys.js";
import { Modals } from "./modal.js";
import { mrkdwn } from "./mrkdwn.js";
import { People } from "./people.js";
import { Sidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { ThreadPane } from "./thread.js";
import { announce, clearToasts, toast } from "./toast.js";

const store = new Store();
const modals = new Modals(store);
const channelPane = new ChannelPane(byId("channel"), store);
new ThreadPane(byId("thread"), store);
new Sidebar(byId("sidebar"), store);
const people = new People({ strip: byId("strip"), rail: byId("rail") }, store);

/** Who one was last, for links that do not say: a browser may refuse to keep it. */
const lastPerson = {
  get: () => { try { return localStorage.getItem("as"); } catch { return null; } },
  set: (as) => { try { localStorage.setItem("as", as); } catch { /* Then it is not kept. */ } },
};

const where = () => Object.fromEntries(new URLSearchParams(location.search));

function address() {
  const query = new URLSearchParams({ as: store.as });
  if (store.open) query.set("channel", store.open);
  if (store.thread) query.set("thread", store.thread.ts);
  return `?${query}`;
}

function remember({ replace = false } = {}) {
  const channel = store.channel();
  const person = store.person(store.as);
  document.title = [channel ? channelPane.name() : null, person?.real_name, "Sandbox"]
    .filter(Boolean).join(" · ");
  if (address() === location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", address());
}

/** Goes to a person, channel and thread; what is not named stays, or is the first there is. */
async function go({ as = store.as, channel, thread, replace = false }) {
  drawer(false);
  if (as !== store.as && !(await become(as, channel))) return;
  const id = store.channels.has(channel) ? channel : store.open ?? [...store.channels.keys()][0];
  const moved = id !== store.open;
  if (moved && id) await store.openChannel(id);
  if (thread) await store.openThread(thread);
  else if (thread === null && store.thread) store.closeThread();
  remember({ replace });
  if (!thread && matchMedia("(hover: hover)").matches) channelPane.composer.focus();
}

async function become(as, channel) {
  const [stay, before] = [channel ?? store.open, store.as];
  events.stop();
  try {
    if (!(await store.become(as))) return false;
  } catch (error) {
    if (store.as) events.follow(store.as); // One stays who one was.
    throw error;
  }
  lastPerson.set(as);
  if (before) clearToasts();
  events.follow(as);
  const id = store.channels.has(stay) ? stay : [...store.channels.keys()][0];
  if (id) await store.openChannel(id);
  return store.as === as;
}

const failed = (error) => {
  console.error(error);
  toast(errorText(error.answer ?? { error: "unreachable" }), "error");
};

const events = new Events({
  hear: (name, data) => HEAR[name](data),
  live: (again) => {
    byId("offline").hidden = true;
    store.resync({ workspace: again }).catch(failed);
  },
  lost: () => {
    const bar = byId("offline");
    if (!bar.hidden) return;
    bar.replaceChildren(h("span", { class: "spinner" }),
      "Reconnecting… what you see may be out of date.");
    bar.hidden = false;
  },
});

const HEAR = {
  message: ({ channel, message }) => {
    store.put(channel, message, { fresh: true });
    if (channel !== store.open || message.user === store.as) return;
    say(message);
    readSoon();
  },
  message_changed: ({ channel, message }) => store.put(channel, message, { fresh: false }),
  message_deleted: ({ channel, message }) => store.remove(channel, message?.ts),
  view: (data) => modals.hear(data),
  notice: ({ channel, level, text }) => {
    store.noticed = performance.now();
    const elsewhere = channel && channel !== store.open ? store.channel(channel) : null;
    toast(elsewhere ? `#${elsewhere.name}: ${text}` : text, level);
  },
};

function say(message) {
  const text = h("p", {}, mrkdwn(message.text, store)).textContent;
  announce(`${author(message, store).real_name}: ${text}`);
}

let soon = null;

/** What one watched arrive is read: the server learns it from the next reading. */
function readSoon() {
  clearTimeout(soon);
  const { as, open } = store;
  soon = setTimeout(() => document.hidden || api.messages(as, open, 1).catch(failed), 800);
}

function drawer(open) {
  document.body.classList.toggle("drawer-open", open);
  byId("scrim").hidden = !open;
  if (open) byId("sidebar").querySelector("[aria-current], button")?.focus();
}

store.on("go", (to) => go(to).catch(failed));
store.on("drawer", drawer);
store.on("failed", async (answer) => {
  if (await store.unsaid()) toast(errorText(answer), "error");
});
byId("scrim").addEventListener("click", () => drawer(false));
addEventListener("popstate", () => {
  const { as, channel, thread = null } = where();
  go({ as, channel, thread, replace: true }).catch(failed);
});
watchKeys({ store, people, closeDrawer: () => drawer(false) });

async function start() {
  await store.loadPeople();
  const { as, channel, thread, ts } = where();
  const known = (id) => (store.everyone.some((one) => one.id === id) ? id : null);
  if (as && !known(as)) toast(`Nobody here is ${as}.`, "warning");
  const person = known(as) ?? known(lastPerson.get()) ?? store.everyone[0]?.id;
  await go({ as: person, channel, thread, replace: true });
  if (channel && channel !== store.open) {
    toast(`${store.person(person).real_name} is not in that channel.`, "warning");
  } else if (ts) channelPane.list.point(ts);
}

start().catch(failed);
