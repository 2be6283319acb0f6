// The popup over a composer: slash commands while the name is typed (then their usage
// hint), people after an @. It is a list the text box drives (ARIA combobox pattern),
// never a focus stop.

import { avatar } from "./avatar.js";
import { freshId, h, swap } from "./dom.js";
import { icon } from "./icons.js";

const MOST_PEOPLE = 8;

export class Autocomplete {
  #at = 0;
  #found = []; // {text: what is completed, face, name, more, end}
  #closedFor = null; // The text Escape was pressed on: stay away until it changes.

  /** `complete(text)` puts the chosen text in place of the word under the cursor. */
  constructor(store, field, { prefix, complete }) {
    Object.assign(this, { store, field, complete });
    this.list = h("div", { class: "slash-list", role: "listbox", id: freshId("commands"), "aria-label": "Suggestions" });
    this.hint = h("div", { class: "slash-hint", id: freshId("usage"), data: { testid: `${prefix}usage-hint` }, hidden: true });
    this.node = h("div", { class: "slash", data: { testid: `${prefix}autocomplete` }, hidden: true }, this.list);
    field.setAttribute("aria-controls", this.list.id);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-describedby", this.hint.id);
  }

  get isOpen() {
    return !this.node.hidden;
  }

  /** Looks at what is typed now. */
  look() {
    const text = this.field.value;
    if (text !== this.#closedFor) this.#closedFor = null;
    this.#found = this.#closedFor === null ? this.#find(text) : [];
    this.#at = Math.min(this.#at, Math.max(0, this.#found.length - 1));
    this.#draw();
    this.#drawHint(text);
  }

  hide() {
    this.#found = [];
    this.#draw();
  }

  #find(text) {
    if (/^\/\S*$/.test(text)) return this.#commands(text.toLowerCase());
    const word = /(?:^|\s)@([\w.-]*)$/.exec(text.slice(0, this.field.selectionStart));
    return word ? this.#people(word[1].toLowerCase()) : [];
  }

  #commands(typed) {
    return this.store.commands.filter((one) => one.command.startsWith(typed)).map((one) => ({
      text: one.command, face: h("span", { class: "slash-icon" }, icon("slash", 16)), name: one.command,
      aside: one.usage_hint, more: one.description, end: this.store.app?.name,
    }));
  }

  #people(typed) {
    const here = new Set(this.store.channel()?.members);
    const names = (one) => `${one.name} ${one.real_name}`.toLowerCase().split(/\s+/);
    return [...this.store.people.values()]
      .filter((one) => one.name && names(one).some((name) => name.startsWith(typed)))
      .sort((one, other) => here.has(other.id) - here.has(one.id))
      .slice(0, MOST_PEOPLE)
      .map((one) => ({
        text: `@${one.name}`, face: avatar(one, "avatar-small"), name: one.real_name,
        aside: one.title, more: "", end: here.has(one.id) ? one.organisation : "not in this channel",
      }));
  }

  #draw() {
    const open = this.#found.length > 0;
    this.node.hidden = !open;
    this.field.setAttribute("aria-expanded", String(open));
    if (!open) {
      this.field.removeAttribute("aria-activedescendant");
      return;
    }
    swap(this.list, this.#found.map((one, index) => this.#option(one, index)));
    const active = this.list.children[this.#at];
    this.field.setAttribute("aria-activedescendant", active.id);
    active.scrollIntoView({ block: "nearest" });
  }

  #option(one, index) {
    return h("div", {
      id: freshId("suggestion"), role: "option", "aria-selected": String(index === this.#at),
      class: index === this.#at ? "slash-option slash-active" : "slash-option", data: { command: one.text },
      on: {
        // The text box must not lose the focus to the list.
        pointerdown: (event) => event.preventDefault(),
        click: () => this.complete(one.text),
      },
    }, one.face,
    h("span", { class: "slash-words" },
      h("span", {}, h("strong", {}, one.name), " ", h("span", { class: "slash-usage" }, one.aside || "")),
      one.more ? h("small", {}, one.more) : null),
    h("small", { class: "slash-end" }, one.end || ""));
  }

  #drawHint(text) {
    const command = this.store.commands.find((one) => text.toLowerCase().startsWith(`${one.command} `));
    this.hint.hidden = !command?.usage_hint;
    if (this.hint.hidden) return swap(this.hint);
    return swap(this.hint, h("code", {}, command.command), " ", command.usage_hint);
  }

  /** Whether the key was the popup's. */
  key(event) {
    if (!this.isOpen) return false;
    const { text } = this.#found[this.#at];
    const whole = this.field.value.toLowerCase() === text;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#at = (this.#at + step + this.#found.length) % this.#found.length;
      this.#draw();
    } else if (event.key === "Tab" && !event.shiftKey) this.complete(text);
    else if (event.key === "Enter" && !event.shiftKey && !whole) this.complete(text);
    else if (event.key === "Escape") {
      this.#closedFor = this.field.value;
      this.hide();
    } else return false;
    event.preventDefault();
    return true;
  }
}
