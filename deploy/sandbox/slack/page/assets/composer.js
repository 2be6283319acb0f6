// The message box: several lines, Enter sends, Up recalls what one sent, a draft is kept
// for each person and place. A line that begins with a slash is a command.

import { api, errorText } from "./api.js";
import { Autocomplete } from "./autocomplete.js";
import { composing, h } from "./dom.js";
import { icon } from "./icons.js";

const MOST_REMEMBERED = 50;
const drafts = new Map(); // Person, channel and thread → text not sent yet.
const histories = new Map(); // Person → what they sent, oldest first.

export class Composer {
  #recalled = null; // How many lines back in the history the box shows.
  #place = null;

  constructor(store, { testid, inputId = null, threadTs, placeholder }) {
    Object.assign(this, { store, threadTs, placeholder });
    this.field = h("textarea", {
      id: inputId, class: "composer-field", rows: 1, role: "combobox", "aria-expanded": "false",
      autocomplete: "off", spellcheck: "true", enterkeyhint: "send", data: { testid },
      on: {
        input: () => this.#typed(),
        keydown: (event) => this.#key(event),
        blur: () => this.popup.hide(),
        focus: () => this.popup.look(),
      },
    });
    this.popup = new Autocomplete(store, this.field, {
      prefix: testid.replace(/composer$/, ""), complete: (text) => this.#complete(text),
    });
    this.problem = h("div", { class: "composer-problem", role: "alert", data: { testid: `${testid}-problem` } });
    this.sendButton = h("button", {
      type: "button", class: "send", "aria-label": "Send", title: "Send (Enter)", "aria-disabled": "true",
      data: { testid: testid === "composer" ? "send" : `${testid}-send` },
      on: { click: () => { this.send(); this.focus(); } },
    }, icon("send", 16));
    this.node = h("div", { class: "composer" }, this.popup.node,
      h("div", { class: "composer-box", on: { click: (event) => event.target === event.currentTarget && this.focus() } },
        this.field, h("div", { class: "composer-bar" }, this.#slashButton(), this.popup.hint, this.sendButton)),
      h("div", { class: "composer-under" }, this.problem,
        h("span", { class: "composer-keys not-small", "aria-hidden": "true" },
          h("kbd", {}, "Shift"), " + ", h("kbd", {}, "Enter"), " for a new line")));
  }

  #slashButton() {
    return h("button", {
      type: "button", class: "tool", "aria-label": "Run a command", title: "Run a command",
      on: { click: () => { if (!this.field.value) this.write("/"); this.focus(); } },
    }, icon("slash", 17));
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  /** Another person, channel or thread: shows its draft. */
  restore() {
    this.#place = [this.store.as, this.store.open, this.threadTs() ?? ""].join("/");
    this.#recalled = null;
    this.problem.textContent = "";
    const name = this.placeholder();
    this.field.placeholder = name;
    this.field.setAttribute("aria-label", name);
    this.write(drafts.get(this.#place) ?? "");
  }

  write(text) {
    this.field.value = text;
    this.field.setSelectionRange(text.length, text.length);
    this.#typed({ recall: true });
  }

  #typed({ recall = false } = {}) {
    if (!recall) this.#recalled = null;
    const text = this.field.value;
    drafts.set(this.#place, text);
    this.problem.textContent = "";
    this.sendButton.setAttribute("aria-disabled", String(!text.trim()));
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
    if (document.activeElement === this.field) this.popup.look();
  }

  /** Puts what was chosen in place of the word under the cursor. */
  #complete(chosen) {
    const at = this.field.selectionStart;
    const before = this.field.value.slice(0, at).replace(/\S*$/, `${chosen} `);
    this.write(before + this.field.value.slice(at));
    this.field.setSelectionRange(before.length, before.length);
    this.focus();
  }

  #key(event) {
    if (composing(event) || this.popup.key(event)) return;
    const bare = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (event.key === "Enter" && bare) {
      event.preventDefault();
      this.send();
    } else if (bare && (event.key === "ArrowUp" || event.key === "ArrowDown")) this.#recall(event);
  }

  #recall(event) {
    const history = histories.get(this.store.as) ?? [];
    const back = (this.#recalled ?? 0) + (event.key === "ArrowUp" ? 1 : -1);
    const free = this.field.value === "" || this.#recalled !== null;
    if (!free || back < 0 || back > history.length) return;
    event.preventDefault();
    this.#recalled = back || null;
    this.write(back ? history.at(-back) : "");
  }

  async send() {
    const text = this.field.value.trim();
    const { store } = this;
    if (!text || !store.open) return;
    const body = { as: store.as, channel: store.open, text };
    if (this.threadTs()) body.thread_ts = this.threadTs();
    const place = this.#place;
    this.#remember(text);
    this.write("");
    const answer = text.startsWith("/") ? await api.command(body) : await api.message(body);
    if (answer.ok) return;
    if (!drafts.get(place)) drafts.set(place, text);
    if (place !== this.#place) return;
    if (!this.field.value) this.write(text);
    if (await store.unsaid()) this.problem.textContent = errorText(answer);
  }

  #remember(text) {
    const history = (histories.get(this.store.as) ?? []).filter((one) => one !== text);
    histories.set(this.store.as, [...history, text].slice(-MOST_REMEMBERED));
    this.#recalled = null;
  }
}
