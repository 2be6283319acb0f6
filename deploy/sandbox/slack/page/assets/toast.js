// Short notices over the page, and words for those who listen instead of look.

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

const STAY = { error: 10_000, warning: 9000 };
const STAY_ELSE = 6000;
const MOST = 4;

/** Shows a notice; the same text twice is shown once. `level`: info, warning or error. */
export function toast(text, level = "info") {
  const host = byId("toasts");
  for (const one of host.children) if (one.dataset.text === text) one.remove();
  const node = h("div", { class: `toast toast-${STAY[level] ? level : "info"}`, data: { testid: "toast", level, text } },
    h("span", {}, text),
    h("button", { type: "button", class: "tool", "aria-label": "Dismiss", on: { click: () => leave(node) } }, icon("close", 14)));
  host.append(node);
  while (host.children.length > MOST) host.firstChild.remove();
  raise(host);
  setTimeout(() => leave(node), STAY[level] ?? STAY_ELSE);
}

/** To the top of the top layer, above a dialog that was opened since. */
function raise(host) {
  host.popover = "manual";
  if (host.matches(":popover-open")) host.hidePopover();
  host.showPopover();
}

function leave(node) {
  const host = byId("toasts");
  node.remove();
  if (!host.children.length && host.matches(":popover-open")) host.hidePopover();
}

/** Takes all notices away: they were for the person one no longer is. */
export function clearToasts() {
  for (const node of [...byId("toasts").children]) leave(node);
}

/** Says a line to assistive technology. */
export function announce(text) {
  const host = byId("announcer");
  host.append(h("p", {}, text.slice(0, 300)));
  while (host.children.length > 5) host.firstChild.remove();
}
