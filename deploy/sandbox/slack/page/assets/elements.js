// Block elements: which module draws which type, and the two that only act (button and
// overflow menu). In an `input` block an element only fills in the state; elsewhere a
// change is an action sent at once.

import { h } from "./dom.js";
import { FIELDS } from "./fields.js";
import { icon } from "./icons.js";
import { anchor, webAddress } from "./links.js";
import { PICKERS } from "./picker.js";
import { openMenu } from "./popover.js";
import { words } from "./text.js";

const BUTTON_CLASS = { primary: "button button-primary", danger: "button button-danger" };

function button(element, { block, surface }) {
  if (element.url !== undefined) return linkButton(element, block, surface);
  const node = h("button", {
    type: "button",
    class: BUTTON_CLASS[element.style] ?? "button",
    "aria-label": element.accessibility_label,
    data: { actionId: element.action_id ?? "", value: element.value },
    on: { click: () => surface.dispatch(block, element, pressed(element), node) },
  }, h("span", { class: "button-label" }, words(element.text)));
  return node;
}

const pressed = (element) => Object.fromEntries(
  ["value", "text", "style"].filter((name) => element[name] !== undefined)
    .map((name) => [name, element[name]]),
);

function linkButton(element, block, surface) {
  const label = h("span", { class: "button-label" }, words(element.text));
  const node = anchor(element.url, label);
  if (!node) {
    return h("button", { type: "button", class: "button", disabled: true, title: "Not a web address" }, label);
  }
  node.className = BUTTON_CLASS[element.style] ?? "button";
  node.dataset.actionId = element.action_id ?? "";
  node.addEventListener("click", () => {
    surface.dispatch(block, { ...element, confirm: undefined }, pressed(element), node);
  });
  return node;
}

function overflow(element, { block, surface }) {
  const open = () => openMenu(node, (element.options ?? []).map((option) => ({
    label: words(option.text),
    hint: option.description ? words(option.description) : null,
    data: { value: option.value },
    pick: () => pick(option),
  })), { label: "More actions" });
  const pick = (option) => {
    const url = option.url ? webAddress(option.url) : null;
    if (url) window.open(url.href, "_blank", "noopener,noreferrer");
    surface.dispatch(block, element, { selected_option: option }, node);
  };
  const node = h("button", {
    type: "button", class: "button button-overflow",
    "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "More actions",
    data: { actionId: element.action_id ?? "" },
    on: { click: open },
  }, icon("more"));
  return node;
}

const ELEMENTS = { button, overflow, ...FIELDS, ...PICKERS };

/**
 * The node of an element. `place`: {block, surface, acts (send each change), labelId,
 * describedBy, inputId}: the last three tie an input block's label and hint to it.
 */
export function drawElement(element, place) {
  const draw = ELEMENTS[element?.type];
  if (!draw) {
    return h("span", { class: "unsupported", data: { unsupported: element?.type } },
      `Unsupported element “${element?.type}”`);
  }
  return draw(element, place);
}
