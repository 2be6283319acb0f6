// The small coloured square that stands for a person or the app, and who wrote a message.

import { h } from "./dom.js";

/** `person`: {initials, color, real_name}. The colour is handed to the CSSOM, which takes
 *  colours only. Decorative: the name stands beside it. */
export function avatar(person, size = "") {
  const node = h("span", { class: `avatar ${size}`, "aria-hidden": "true" },
    person?.initials || (person?.real_name ?? "?").slice(0, 1));
  if (person?.color) node.style.backgroundColor = colour(String(person.color));
  if (person?.is_app) node.classList.add("avatar-app");
  return node;
}

/** Slack writes a person's colour without its "#". */
const colour = (text) => (/^[0-9a-f]{6}$/i.test(text) ? `#${text}` : text);

/** {id, real_name, initials, color, is_app, organisation} of a message's author. */
export function author(message, store) {
  const app = store.app;
  if (message.bot_id || message.app_id || (app && message.user === app.bot_user)) {
    const name = message.username || app?.name || "app";
    return { id: app?.bot_user ?? message.bot_id, real_name: name, initials: name.slice(0, 1).toUpperCase(), is_app: true };
  }
  return store.person(message.user)
    ?? { id: message.user, real_name: message.username || message.user || "someone", initials: "?" };
}
