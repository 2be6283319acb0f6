// Switching person, the heart of the sandbox: a bar that says who one is, a panel with
// everyone by organisation (Alt+P, then a digit), and a rail of faces always one click away.

import { avatar } from "./avatar.js";
import { h, swap } from "./dom.js";
import { icon } from "./icons.js";
import { moveFocus, openPopover } from "./popover.js";

/** People by organisation, in the order the server gives; people of none come last. */
export function byOrganisation(people) {
  const groups = new Map();
  for (const person of people) {
    const name = person.organisation || "Outside";
    groups.set(name, [...(groups.get(name) ?? []), person]);
  }
  return [...groups];
}

/** "Developer, Acme", without what is not known. */
export function roleOf(person) {
  return [person.title, person.organisation].filter(Boolean).join(", ");
}

export class People {
  #panel = null;

  constructor({ strip, rail }, store) {
    Object.assign(this, { strip, rail, store });
    this.now = h("span", { class: "now-words" });
    this.face = h("span", { class: "now-face" });
    this.button = h("button", {
      type: "button", class: "now", "aria-haspopup": "dialog", "aria-expanded": "false",
      title: "Become another person (Alt+P)", data: { testid: "person-switcher" },
      on: { click: () => this.toggle() },
    }, this.face, this.now,
    h("span", { class: "now-switch" }, icon("swap", 15), h("span", { class: "not-small" }, "Switch person")),
    h("kbd", { class: "not-small" }, "Alt P"));
    swap(strip, h("span", { class: "brand not-small" }, "Slack stand-in"),
      this.button, h("span", { class: "strip-end not-small" }, "everything here stays on this machine"));
    rail.addEventListener("keydown", (event) => moveFocus(event, [...rail.querySelectorAll("button")]));
    for (const what of ["people", "workspace"]) store.on(what, () => this.show());
  }

  show() {
    const { store } = this;
    const me = store.person(store.as);
    swap(this.rail, byOrganisation(store.everyone).map(([name, people]) =>
      h("div", { class: "rail-group", role: "group", "aria-label": name },
        h("span", { class: "rail-name", "aria-hidden": "true" }, name), people.map((person) => this.railButton(person)))));
    if (!me) return;
    swap(this.face, avatar(me, "avatar-small"));
    swap(this.now, "Sandbox: you are ", h("strong", {}, me.real_name),
      me.organisation ? ` (${me.organisation})` : "");
    this.button.setAttribute("aria-label",
      `Sandbox: you are ${me.real_name}, ${roleOf(me)}. Switch person`);
  }

  railButton(person) {
    const mine = person.id === this.store.as;
    return h("button", {
      type: "button", class: mine ? "rail-person rail-mine" : "rail-person", tabindex: mine ? 0 : -1,
      title: `${person.real_name}\n${roleOf(person)}`,
      "aria-label": `Become ${person.real_name}, ${roleOf(person)}`,
      "aria-current": mine ? "true" : null,
      data: { become: person.id, testid: "rail-person" },
      on: { click: () => this.become(person.id) },
    }, avatar(person), h("small", {}, person.real_name.split(" ")[0]));
  }

  become(id) {
    this.#panel?.close();
    this.store.tell("go", { as: id });
  }

  toggle() {
    if (this.#panel) return this.#panel.close();
    const choices = [];
    const groups = byOrganisation(this.store.everyone).map(([name, people]) =>
      h("div", { class: "who-group", role: "group", "aria-label": name }, h("h3", {}, name),
        people.map((person) => {
          const node = this.choice(person, choices.length + 1);
          choices.push(node);
          return node;
        })));
    const body = h("div", { class: "who", data: { testid: "people" } },
      h("p", { class: "who-lead" }, "Become another person. Each sees their own channels, and may do what they may."), groups);
    body.addEventListener("keydown", (event) => this.key(event, choices));
    this.#panel = openPopover(this.button, body, {
      wide: true, label: "Become another person", closed: () => { this.#panel = null; },
    });
    (choices.find((node) => node.dataset.person === this.store.as) ?? choices[0])?.focus();
    return null;
  }

  choice(person, number) {
    const mine = person.id === this.store.as;
    return h("button", {
      type: "button", class: mine ? "who-person who-mine" : "who-person", "aria-current": mine ? "true" : null,
      data: { person: person.id }, on: { click: () => this.become(person.id) },
    }, avatar(person), h("span", { class: "who-words" }, h("strong", {}, person.real_name), h("small", {}, person.title)),
    mine ? h("span", { class: "who-you" }, "you") : null,
    number < 10 ? h("kbd", { class: "not-small" }, String(number)) : null);
  }

  key(event, choices) {
    const digit = /^[1-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey ? Number(event.key) : 0;
    if (choices[digit - 1]) {
      event.preventDefault();
      choices[digit - 1].click();
    } else moveFocus(event, choices);
  }
}
