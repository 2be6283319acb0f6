// A light panel next to its button: menus, pickers and the person switcher. It uses the
// browser's own popover (Escape and a click elsewhere close it), placed by hand so that it
// stays inside the window. Inside a modal it is a child of the dialog, else it would be inert.

import { h } from "./dom.js";

const GAP = 6;
const EDGE = 8;

/** Opens `content` beside `trigger`; returns {close}. `closed()` is called once, after. */
export function openPopover(trigger, content, { closed, wide = false, label } = {}) {
  const panel = h("div", {
    class: wide ? "popover popover-wide" : "popover", popover: "auto",
    role: label ? "dialog" : null, "aria-label": label,
  }, content);
  (trigger.closest("dialog") ?? document.body).append(panel);
  trigger.setAttribute("aria-expanded", "true");
  const put = () => place(panel, trigger);
  const close = () => panel.isConnected && panel.matches(":popover-open") && panel.hidePopover();
  panel.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    removeEventListener("resize", put);
    const inside = panel.contains(document.activeElement) || document.activeElement === document.body;
    panel.remove();
    trigger.setAttribute("aria-expanded", "false");
    if (inside && trigger.isConnected) trigger.focus();
    closed?.();
  });
  addEventListener("resize", put);
  panel.showPopover();
  put();
  return { close, put };
}

function place(panel, trigger) {
  const at = trigger.getBoundingClientRect();
  const [width, height] = [panel.offsetWidth, panel.offsetHeight];
  const below = innerHeight - at.bottom - GAP - EDGE;
  const up = height > below && at.top > below;
  const top = up ? Math.max(EDGE, at.top - GAP - height) : at.bottom + GAP;
  const left = Math.min(Math.max(EDGE, at.left), Math.max(EDGE, innerWidth - width - EDGE));
  panel.style.top = `${top}px`;
  panel.style.left = `${left}px`;
  panel.style.maxHeight = `${(up ? at.top : innerHeight - at.bottom) - GAP - EDGE}px`;
}

/**
 * A menu of choices under a button. `items`: {label: nodes, hint?, danger?, pick()}.
 * Arrow keys, Home, End and Enter work as in any menu.
 */
export function openMenu(trigger, items, { label }) {
  const entries = items.map((item) => h("button", {
    type: "button", role: "menuitem", tabindex: -1,
    class: item.danger ? "menu-item menu-danger" : "menu-item",
    data: item.data,
    on: { click: () => { opened.close(); item.pick(); } },
  }, h("span", {}, item.label), item.hint ? h("small", {}, item.hint) : null));
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, on: {
    keydown: (event) => moveFocus(event, entries),
  } }, entries);
  const opened = openPopover(trigger, menu);
  entries[0]?.focus();
  return opened;
}

/** Arrow keys, Home and End over a list of focusable nodes. */
export function moveFocus(event, entries) {
  const at = entries.indexOf(document.activeElement);
  const last = entries.length - 1;
  const next = {
    ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, Home: 0, End: last,
  }[event.key];
  if (next === undefined || !entries.length) return;
  event.preventDefault();
  entries[next].focus();
}
