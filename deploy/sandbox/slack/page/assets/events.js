// Keeps one stream of events open, and says the truth about it: `live` while it is,
// `lost` while it is not, with a retry that backs off. After a loss the caller must read
// again what it missed, since the stream does not replay.

import { api } from "./api.js";

const NAMES = ["message", "message_changed", "message_deleted", "view", "notice"];
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

export class Events {
  #source = null;
  #timer = null;
  #wait = FIRST_WAIT;
  #wasLost = false;

  /** `hear(name, data)` for each event; `live(again)` and `lost()` for the connection. */
  constructor({ hear, live, lost }) {
    Object.assign(this, { hear, live, lost });
    addEventListener("offline", () => this.#drop());
    addEventListener("online", () => this.#connect());
  }

  follow(as) {
    this.stop();
    this.as = as;
    this.#wasLost = false;
    this.#connect();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #connect() {
    if (!this.as) return;
    this.stop();
    const source = new EventSource(api.eventsAddress(this.as));
    this.#source = source;
    source.addEventListener("open", () => {
      this.#wait = FIRST_WAIT;
      this.live(this.#wasLost);
      this.#wasLost = false;
    });
    source.addEventListener("error", () => source === this.#source && this.#drop());
    for (const name of NAMES) {
      source.addEventListener(name, (event) => this.#pass(name, event.data));
    }
  }

  #pass(name, text) {
    let data = null;
    try {
      data = JSON.parse(text);
    } catch {
      return console.warn("an event that is not JSON was left out", name);
    }
    return this.hear(name, data);
  }

  #drop() {
    this.stop();
    this.#wasLost = true;
    this.lost();
    this.#timer = setTimeout(() => this.#connect(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }
}
