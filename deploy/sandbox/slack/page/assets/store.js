// What the page knows: who we are, the workspace, the open channel's messages, the open
// thread. It changes by loading or by events, and tells listeners *what* changed:
// "people", "workspace", "channel" (another one is open), "messages", "thread", "unread".
// It draws nothing.

import { api } from "./api.js";
import { Meanwhile } from "./meanwhile.js";

const listOf = (value) => (Array.isArray(value) ? value : []);

export class Store {
  #listeners = new Map();
  #turn = 0; // Rises with every change of person or channel: late answers are dropped.
  #meanwhile = new Meanwhile();

  constructor() {
    this.everyone = [];
    this.noticed = -Infinity; // When the server last told us something in words.
    this.dismissed = new Set(); // Ephemeral messages a person put away, by `person:ts`.
    this.reset();
  }

  reset() {
    this.as = null;
    this.team = { name: "", domain: "" };
    this.me = null;
    this.app = null;
    this.people = new Map();
    this.channels = new Map();
    this.commands = [];
    this.open = null;
    this.messages = new Map();
    this.newSince = null;
    this.loaded = false;
    this.thread = null;
  }

  on(what, listener) {
    this.#listeners.set(what, [...(this.#listeners.get(what) ?? []), listener]);
  }

  tell(what, detail) {
    for (const listener of this.#listeners.get(what) ?? []) listener(detail);
  }

  /** Whether a failure was not explained by a notice of the server, about now. */
  async unsaid() {
    const since = performance.now() - 1500;
    await new Promise((done) => { setTimeout(done, 300); });
    return this.noticed < since;
  }

  person(id) {
    return this.people.get(id) ?? this.everyone.find((one) => one.id === id) ?? null;
  }

  channel(id = this.open) {
    return this.channels.get(id) ?? null;
  }

  organisation(id) {
    return this.person(id)?.organisation ?? "";
  }

  /** The person on the other side of a direct message; null when it is the app. */
  partner(channel) {
    const other = listOf(channel.members).find((id) => id !== this.as);
    return other && other !== this.app?.bot_user ? this.person(other) : null;
  }

  async loadPeople() {
    this.everyone = listOf((await api.people()).people);
    this.tell("people");
  }

  /** Becomes `as` and reads their workspace; false when someone else was chosen since. */
  async become(as) {
    const turn = ++this.#turn;
    const state = await api.state(as);
    if (turn !== this.#turn) return false;
    this.reset();
    this.as = as;
    this.#take(state);
    this.tell("workspace");
    return true;
  }

  #take(state) {
    this.team = state.team ?? this.team;
    this.me = state.me;
    this.app = state.app ?? null;
    this.commands = listOf(state.commands);
    this.people = new Map(listOf(state.people).map((one) => [one.id, one]));
    this.channels = new Map(listOf(state.channels).map((one) => [one.id, { ...one }]));
  }

  /** Opens a channel: at once empty of the old one's messages, then filled. */
  async openChannel(id) {
    const turn = ++this.#turn;
    const channel = this.channels.get(id);
    const unread = channel?.unread ?? 0;
    Object.assign(this, { open: id, messages: new Map(), thread: null, loaded: false, newSince: null });
    this.tell("channel");
    this.tell("thread");
    const { messages } = await this.#meanwhile.during(() => api.messages(this.as, id));
    if (turn !== this.#turn) return;
    this.#fillMessages(messages);
    this.newSince = this.#firstUnread(unread);
    this.#markRead(channel);
    this.tell("messages", { opened: true });
  }

  #fillMessages(messages) {
    this.messages = this.#meanwhile.over(listOf(messages), this.open);
    this.loaded = true;
  }

  #firstUnread(unread) {
    const others = this.listed().filter((one) => one.user !== this.as);
    return unread > 0 ? others.at(-Math.min(unread, others.length))?.ts ?? null : null;
  }

  #markRead(channel) {
    if (channel) channel.unread = 0;
    this.tell("unread");
  }

  /** Reads again what an interrupted connection may have missed. */
  async resync({ workspace = false } = {}) {
    const turn = this.#turn;
    const [as, open, thread] = [this.as, this.open, this.thread?.ts];
    if (!as || !open) return;
    const [state, main, replies] = await this.#meanwhile.during(() => Promise.all([
      workspace ? api.state(as) : null,
      api.messages(as, open),
      thread ? api.thread(as, open, thread) : null,
    ]));
    if (turn !== this.#turn) return;
    if (state) this.#take(state);
    this.#fillMessages(main.messages);
    this.#markRead(this.channel());
    if (state) this.tell("workspace", { again: true });
    this.tell("messages");
    if (replies && this.thread?.ts === thread) this.#fillThread(replies.messages);
  }

  /** The channel's own lines, oldest first: replies live in their thread. */
  listed() {
    return [...this.messages.values()]
      .filter((one) => !isReply(one) || /broadcast/.test(one.subtype ?? ""))
      .filter((one) => !this.dismissed.has(`${this.as}:${one.ts}`))
      .sort(byTime);
  }

  async openThread(ts) {
    const turn = this.#turn;
    this.thread = { ts, messages: new Map(), loaded: false };
    const parent = this.messages.get(ts);
    if (parent) this.thread.messages.set(ts, parent);
    this.tell("thread", { opened: true });
    const { messages } = await this.#meanwhile.during(() => api.thread(this.as, this.open, ts));
    if (turn === this.#turn && this.thread?.ts === ts) this.#fillThread(messages);
  }

  #fillThread(messages) {
    const { ts } = this.thread;
    this.thread.messages = this.#meanwhile.over(
      listOf(messages), this.open, (one) => one.ts === ts || one.thread_ts === ts,
    );
    this.thread.loaded = true;
    this.tell("thread");
  }

  closeThread() {
    this.thread = null;
    this.tell("thread");
  }

  replies() {
    return [...(this.thread?.messages.values() ?? [])]
      .filter((one) => !this.dismissed.has(`${this.as}:${one.ts}`))
      .sort(byTime);
  }

  dismiss(ts) {
    this.dismissed.add(`${this.as}:${ts}`);
    this.tell("messages");
    this.tell("thread");
  }

  /** A message came, or changed, in some channel. */
  put(channelId, message, { fresh }) {
    if (!message?.ts) return;
    this.#meanwhile.note(channelId, message.ts, message);
    if (channelId !== this.open) {
      const channel = this.channels.get(channelId);
      if (fresh && channel && message.user !== this.as && !isReply(message)) {
        channel.unread = (channel.unread ?? 0) + 1;
        this.tell("unread");
      }
      return;
    }
    this.#putThread(message);
    if (isReply(message) && !this.messages.has(message.thread_ts)) return;
    this.messages.set(message.ts, message);
    this.tell("messages", { arrived: fresh && message });
  }

  #putThread(message) {
    if (!this.thread) return;
    if (message.ts !== this.thread.ts && message.thread_ts !== this.thread.ts) return;
    this.thread.messages.set(message.ts, message);
    this.tell("thread", { arrived: true });
  }

  remove(channelId, ts) {
    if (channelId !== this.open) return;
    this.#meanwhile.note(channelId, ts, null);
    if (this.messages.delete(ts)) this.tell("messages");
    if (this.thread?.messages.delete(ts)) this.tell("thread");
  }
}

export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

const byTime = (one, other) => Number.parseFloat(one.ts) - Number.parseFloat(other.ts);
