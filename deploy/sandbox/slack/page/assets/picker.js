// Select menus: a button that shows what is chosen and opens a panel with a search box and
// a list. The search box keeps the focus and drives the list (ARIA combobox pattern).

import { choosing, matching, suggested } from "./choices.js";
import { composing, freshId, h, swap } from "./dom.js";
import { changed, named } from "./fields.js";
import { icon } from "./icons.js";
import { openPopover } from "./popover.js";
import { words } from "./text.js";

const ASK_AFTER = 180; // Milliseconds of silence before the app is asked for suggestions.

class Picker {
  constructor(element, place) {
    Object.assign(this, { element, place });
    this.how = choosing(element, place.surface.directory);
    const held = place.surface.value(place.block, element, {
      type: element.type, [this.how.key]: this.how.initial,
    });
    this.chosen = this.how.read(held[this.how.key]);
    this.node = h("button", {
      ...named(place, element), type: "button", class: "picker",
      "aria-haspopup": "listbox", "aria-expanded": "false",
      data: { actionId: element.action_id ?? "" },
      on: { click: () => this.open() },
    });
    this.show();
  }

  show() {
    const empty = words(this.element.placeholder ?? "") || "Select…";
    const face = this.how.many && this.chosen.length
      ? this.chosen.map((one) => h("span", { class: "chip" }, one.label))
      : h("span", { class: this.chosen.length ? "picked" : "picked picked-none" },
        this.chosen[0]?.label ?? empty);
    swap(this.node, h("span", { class: "picker-face" }, face), icon("down", 14));
    this.node.dataset.value = this.chosen.map((one) => one.value).join(",");
    if (!this.place.labelId) {
      this.node.setAttribute("aria-label", `${empty} ${this.chosen.map((one) => one.label).join(", ")}`);
    }
  }

  open() {
    if (this.node.getAttribute("aria-busy") === "true") return;
    const id = freshId("list");
    this.before = this.chosen;
    this.list = h("div", {
      id, class: "options", role: "listbox", "aria-multiselectable": this.how.many || null,
      "aria-label": words(this.element.placeholder ?? "") || "Choices",
    });
    this.search = h("input", {
      class: "field options-search", type: "text", role: "combobox", autocomplete: "off",
      "aria-controls": id, "aria-expanded": "true", "aria-autocomplete": "list",
      "aria-label": "Search choices", placeholder: "Search", data: { testid: "picker-search" },
      on: { input: () => this.refresh(), keydown: (event) => this.key(event) },
    });
    this.panel = openPopover(this.node, [this.search, this.list], { closed: () => this.closed() });
    this.search.focus();
    this.refresh();
  }

  closed() {
    clearTimeout(this.timer);
    if (this.how.many && this.chosen !== this.before) this.commit(this.before);
  }

  refresh() {
    const typed = this.search.value.trim();
    if (!this.how.external) return this.offer(matching(this.how.fixed, typed));
    clearTimeout(this.timer);
    const least = this.element.min_query_length ?? 3;
    if (typed.length < least) return this.say(`Type at least ${least} characters`);
    this.timer = setTimeout(async () => {
      this.say("Searching…");
      const groups = await suggested(this.element, this.place, typed);
      if (this.search.value.trim() === typed) this.offer(groups);
    }, ASK_AFTER);
    return null;
  }

  say(text) {
    this.shown = [];
    swap(this.list, h("div", { class: "options-none" }, text));
  }

  offer(groups) {
    if (!groups.some((group) => group.choices.length)) return this.say("No matches");
    this.shown = [];
    swap(this.list, groups.map((group) => h("div", { role: "group", "aria-label": group.label || null },
      group.label ? h("div", { class: "options-group", "aria-hidden": "true" }, group.label) : null,
      group.choices.map((one) => this.option(one)))));
    this.mark(Math.max(0, this.shown.findIndex(({ choice }) => this.has(choice))));
    this.panel.put();
    return null;
  }

  has(choice) {
    return this.chosen.some((one) => one.value === choice.value);
  }

  option(choice) {
    const node = h("div", {
      id: freshId("option"), class: "option", role: "option",
      "aria-selected": String(this.has(choice)), data: { value: choice.value },
      on: { click: () => this.pick(choice), pointermove: () => this.mark(this.shown.findIndex((one) => one.node === node), false) },
    }, h("span", {}, choice.label), choice.hint ? h("small", {}, choice.hint) : null, icon("check", 16));
    this.shown.push({ choice, node });
    return node;
  }

  mark(at, scroll = true) {
    this.at = at;
    this.shown.forEach(({ node }, index) => node.classList.toggle("option-active", index === at));
    const active = this.shown[at]?.node;
    if (active) this.search.setAttribute("aria-activedescendant", active.id);
    if (scroll) active?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const last = this.shown.length - 1;
    const next = { ArrowDown: Math.min(this.at + 1, last), ArrowUp: Math.max(this.at - 1, 0) }[event.key];
    if (next !== undefined) this.mark(next);
    else if (event.key === "Enter" && !composing(event)) this.shown[this.at] && this.pick(this.shown[this.at].choice);
    else if (event.key === "Tab") return this.panel.close();
    else return null;
    event.preventDefault();
    return null;
  }

  pick(choice) {
    if (!this.how.many) {
      const before = this.chosen;
      this.chosen = [choice];
      this.show();
      this.panel.close();
      return this.commit(before);
    }
    const most = this.element.max_selected_items ?? Infinity;
    if (this.has(choice)) this.chosen = this.chosen.filter((one) => one.value !== choice.value);
    else if (this.chosen.length < most) this.chosen = [...this.chosen, choice];
    this.show();
    for (const { choice: one, node } of this.shown) node.setAttribute("aria-selected", String(this.has(one)));
    return null;
  }

  value(chosen) {
    return { type: this.element.type, [this.how.key]: this.how.write(chosen) };
  }

  async commit(before) {
    if (await changed(this.place, this.element, this.value(this.chosen), this.node)) return;
    this.chosen = before;
    this.place.surface.set(this.place.block, this.element, this.value(before));
    this.show();
  }
}

const draw = (element, place) => new Picker(element, place).node;

export const PICKERS = Object.fromEntries(
  ["static", "external", "users", "channels", "conversations"].flatMap((name) => [
    [`${name}_select`, draw], [`multi_${name}_select`, draw],
  ]),
);
