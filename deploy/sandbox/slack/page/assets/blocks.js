// Draws a list of blocks into a host, block by block: one whose JSON did not change keeps
// its nodes, so an update in place neither flickers nor takes the focus from a control.

import { freshId, h, reconcile } from "./dom.js";
import { drawElement } from "./elements.js";
import { anchor, ownPicture } from "./links.js";
import { icon } from "./icons.js";
import { richText } from "./richtext.js";
import { textNodes, words } from "./text.js";

const listOf = (value) => (Array.isArray(value) ? value : []);
const kept = new WeakMap(); // host → Map of block key → {node, json}

/** Makes `host` show `blocks`; `surface` carries their values and actions. */
export function drawBlocks(host, blocks, surface) {
  const entries = kept.get(host) ?? kept.set(host, new Map()).get(host);
  const wanted = listOf(blocks).map((block, index) => {
    const json = JSON.stringify(block);
    const make = () => ({ node: drawBlock(block, surface), json });
    return {
      key: `${block?.block_id ?? index}:${block?.type}`,
      make,
      update: (entry) => {
        if (entry.json !== json) replace(entry, make());
      },
    };
  });
  const seen = new Set(); // A repeated block_id would otherwise lose a block.
  wanted.forEach((item, index) => {
    if (seen.has(item.key)) item.key += `#${index}`;
    seen.add(item.key);
  });
  surface.keepOnly(listOf(blocks));
  reconcile(host, entries, wanted);
}

function replace(entry, made) {
  const active = entry.node.contains(document.activeElement) ? document.activeElement : null;
  const action = active?.closest("[data-action-id]")?.dataset.actionId;
  const range = active?.selectionStart;
  entry.node.replaceWith(made.node);
  Object.assign(entry, made);
  if (action === undefined) return;
  const heir = made.node.querySelector(`[data-action-id="${CSS.escape(action)}"]`);
  heir?.focus();
  if (heir && Number.isInteger(range) && heir.type === "text") heir.setSelectionRange(range, range);
}

function drawBlock(block, surface) {
  const draw = BLOCKS[block?.type] ?? unsupported;
  const node = draw(block, surface);
  node.classList.add("block");
  node.dataset.blockType = String(block?.type);
  if (block?.block_id) node.dataset.blockId = String(block.block_id);
  return node;
}

function section(block, surface) {
  const place = { block, surface, acts: true };
  const accessory = block.accessory?.type === "image"
    ? picture(block.accessory, "accessory-image")
    : block.accessory && drawElement(block.accessory, place);
  return h("div", { class: "section" },
    h("div", { class: "section-main" },
      block.text ? h("div", { class: "text" }, textNodes(block.text, surface.directory)) : null,
      block.fields ? h("div", { class: "fields" }, listOf(block.fields).map((field) =>
        h("div", { class: "text" }, textNodes(field, surface.directory)))) : null),
    accessory ? h("div", { class: "accessory" }, accessory) : null);
}

/** A picture of ours, or its words: this page loads nothing from anywhere else. */
function picture(image, name) {
  const alternative = String(image.alt_text ?? "");
  const own = ownPicture(image.image_url ?? "", alternative);
  if (own) {
    own.className = name;
    return own;
  }
  const label = [icon("image", 16), alternative || "image"];
  const link = anchor(image.image_url, ...label);
  if (link) link.className = `picture ${name}`;
  return link ?? h("span", { class: `picture ${name}` }, label);
}

function context(block, surface) {
  return h("div", { class: "context" }, listOf(block.elements).map((element) =>
    (element?.type === "image" ? picture(element, "context-image")
      : h("span", { class: "text" }, textNodes(element, surface.directory)))));
}

function image(block) {
  return h("figure", { class: "image" },
    block.title ? h("figcaption", {}, words(block.title)) : null,
    picture(block, "image-main"));
}

function actions(block, surface) {
  return h("div", { class: "actions" }, listOf(block.elements).map((element) =>
    drawElement(element, { block, surface, acts: true })));
}

function input(block, surface) {
  const [labelId, inputId, hintId, errorId] = ["label", "input", "hint", "error"].map(freshId);
  const element = block.element ?? {};
  return h("div", { class: "input" },
    h("label", { class: "input-label", id: labelId, for: inputId }, words(block.label),
      block.optional ? h("span", { class: "optional" }, " (optional)") : null),
    drawElement(element, {
      block, surface, acts: block.dispatch_action === true, labelId, inputId,
      describedBy: `${hintId} ${errorId}`,
    }),
    h("div", { class: "input-error", id: errorId, role: "alert", data: { errorFor: block.block_id } }),
    block.hint ? h("div", { class: "input-hint", id: hintId }, words(block.hint)) : null);
}

function table(block, surface) {
  const cell = (one) => (one?.type === "rich_text"
    ? richText(one, surface.directory) : [String(one?.text ?? "")]);
  const rows = listOf(block.rows).map((row, index) => h("tr", {}, listOf(row).map((one) =>
    h(index ? "td" : "th", { scope: index ? null : "col" }, cell(one)))));
  return h("div", { class: "table", tabindex: 0 }, h("table", {}, rows));
}

function unsupported(block) {
  return h("details", { class: "unsupported", data: { unsupported: block?.type } },
    h("summary", {}, `Unsupported block “${block?.type}”`),
    h("pre", { tabindex: 0 }, JSON.stringify(block, null, 2)));
}

const BLOCKS = {
  section,
  context,
  image,
  actions,
  input,
  table,
  header: (block) => h("h3", { class: "header-block" }, words(block.text)),
  divider: () => h("hr", { class: "divider" }),
  rich_text: (block, surface) => h("div", { class: "text" }, richText(block, surface.directory)),
};
