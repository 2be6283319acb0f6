// A scrolling list of messages, grouped by author with day dividers, reconciled by `ts`.
// It stays at the bottom when it was there, and otherwise does not move under the reader.

import { h, reconcile } from "./dom.js";
import { icon } from "./icons.js";
import { MessageNode } from "./message.js";
import { dayKey, dayName } from "./time.js";

const GROUP_SECONDS = 300;
const NEAR_BOTTOM = 60; // Pixels that still count as being at the bottom.

export class MessageList {
  #kept = new Map();
  #pinned = true;

  constructor(store, { inThread = false, label, testid }) {
    Object.assign(this, { store, inThread });
    this.items = h("div", { class: "items", role: "feed", "aria-label": label });
    this.jump = h("button", { type: "button", class: "jump", hidden: true, on: { click: () => this.toBottom() } },
      "New messages", icon("down", 14));
    this.scroller = h("div", { class: "scroller", data: { testid } }, this.items);
    this.node = h("div", { class: "list" }, this.scroller, this.jump);
    this.scroller.addEventListener("scroll", () => this.#scrolled());
    this.items.addEventListener("keydown", (event) => this.#key(event));
    const keepBottom = new ResizeObserver(() => this.#pinned && this.toBottom());
    keepBottom.observe(this.scroller);
    keepBottom.observe(this.items);
  }

  /** Forgets all nodes: another channel, thread or person is to be shown. */
  clear() {
    this.#kept.clear();
    this.items.replaceChildren();
    this.#pinned = true;
    this.jump.hidden = true;
  }

  /** Shows messages, oldest first. `arrived`: one that has just come. */
  show(messages, { arrived = null, empty = null, newSince = null } = {}) {
    const wanted = [];
    if (empty) wanted.push({ key: "empty", make: () => ({ node: empty() }) });
    let previous = null;
    for (const message of messages) {
      this.#divide(wanted, message, previous, newSince);
      wanted.push(this.#item(message, this.#follows(message, previous) && message.ts !== newSince));
      previous = message;
    }
    reconcile(this.items, this.#kept, wanted);
    this.#rove();
    if (arrived && arrived.user === this.store.as) this.toBottom();
    else if (this.#pinned) this.toBottom();
    else if (arrived) this.jump.hidden = false;
  }

  #divide(wanted, message, previous, newSince) {
    if (this.inThread && wanted.length === 1) {
      wanted.push({
        key: "replies",
        make: () => ({ node: h("div", { class: "day day-replies" }, h("span", {})) }),
        update: ({ node }) => this.#countReplies(node),
      });
    }
    if (!this.inThread && (!previous || dayKey(previous.ts) !== dayKey(message.ts))) {
      const name = dayName(message.ts);
      wanted.push({ key: `day:${dayKey(message.ts)}`, make: () => ({
        node: h("div", { class: "day", role: "separator", "aria-label": name }, h("span", {}, name)),
      }) });
    }
    if (message.ts === newSince) {
      wanted.push({ key: "new", make: () => ({
        node: h("div", { class: "new", role: "separator" }, h("span", {}, "New")),
      }) });
    }
  }

  #countReplies(node) {
    const number = this.store.replies().length - 1;
    node.firstChild.textContent = number === 1 ? "1 reply" : `${number} replies`;
  }

  #follows(message, previous) {
    return Boolean(previous) && !(this.inThread && previous.ts === this.store.thread?.ts)
      && previous.user === message.user && previous.bot_id === message.bot_id
      && previous.username === message.username
      && Boolean(previous.ephemeral) === Boolean(message.ephemeral)
      && dayKey(previous.ts) === dayKey(message.ts)
      && Number.parseFloat(message.ts) - Number.parseFloat(previous.ts) < GROUP_SECONDS;
  }

  #item(message, compact) {
    return {
      key: message.ts,
      make: () => new MessageNode(message, this.store, { inThread: this.inThread }),
      update: (entry) => entry.update(message, compact),
    };
  }

  /** Brings one message into view and marks it for a moment, as a permalink does. */
  point(ts) {
    const node = this.#kept.get(ts)?.node;
    if (!node) return;
    this.#pinned = false;
    node.scrollIntoView({ block: "center" });
    node.classList.add("message-pointed");
    setTimeout(() => node.classList.remove("message-pointed"), 2500);
  }

  toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#pinned = true;
    this.jump.hidden = true;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.#pinned = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
    if (this.#pinned) this.jump.hidden = true;
  }

  /** One message at a time is a tab stop: the newest, or the one last visited. */
  #rove(to = null) {
    const nodes = [...this.items.querySelectorAll(":scope > .message")];
    const current = to ?? nodes.find((node) => node === document.activeElement) ?? nodes.at(-1);
    for (const node of nodes) node.tabIndex = node === current ? 0 : -1;
    return nodes;
  }

  #key(event) {
    const here = event.target;
    if (!here.matches(".message") || event.altKey || event.ctrlKey || event.metaKey) return;
    const nodes = this.#rove(here);
    const at = nodes.indexOf(here);
    const next = { ArrowUp: nodes[at - 1], ArrowDown: nodes[at + 1], Home: nodes[0], End: nodes.at(-1) }[event.key];
    if (next) {
      this.#rove(next);
      next.focus();
    } else if (event.key === "t" && !this.inThread && here.dataset.ephemeral === "false") {
      this.store.tell("go", { thread: here.dataset.ts });
    } else return;
    event.preventDefault();
  }
}
