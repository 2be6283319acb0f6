// The rich_text block: sections, lists, preformatted text, quotes and their inline parts.
// Unlike mrkdwn its text is not escaped and holds no marks: it is shown as it is.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { preformatted } from "./diff.js";
import { anchor } from "./links.js";
import { channelMention, dateText, groupMention, personMention } from "./mentions.js";

const TAGS = { bold: "strong", italic: "em", strike: "s", underline: "u", code: "code" };
const MARKERS = ["disc", "circle", "square"];
const NUMBERS = ["decimal", "lower-alpha", "lower-roman"];
const listOf = (value) => (Array.isArray(value) ? value : []);

function styled(node, style) {
  return Object.keys(TAGS).reduce(
    (inside, name) => (style?.[name] ? h(TAGS[name], {}, inside) : inside), node,
  );
}

function character(part) {
  const code = /^[0-9a-f]{2,6}(?:-[0-9a-f]{2,6})*$/i.test(part.unicode ?? "") && part.unicode;
  const points = code ? code.split("-").map((hex) => Number.parseInt(hex, 16)) : [];
  const sign = points.length && points.every((point) => point <= 0x10ffff)
    ? String.fromCodePoint(...points) : emoji(part.name);
  return h("span", { class: "emoji", title: `:${part.name}:` }, sign ?? `:${part.name}:`);
}

const INLINE = {
  text: (part) => document.createTextNode(String(part.text ?? "")),
  link: (part) => anchor(part.url, part.text || part.url)
    ?? document.createTextNode(part.text ? `${part.text} (${part.url})` : String(part.url)),
  emoji: character,
  user: (part, directory) => personMention(String(part.user_id), directory),
  channel: (part, directory) => channelMention(String(part.channel_id), directory),
  usergroup: (part) => groupMention(String(part.usergroup_id)),
  broadcast: (part) => groupMention(String(part.range)),
  date: (part) => dateText([part.timestamp, part.format, part.url], String(part.fallback ?? "")),
  color: (part) => {
    const dot = h("span", { class: "colour-dot" });
    dot.style.backgroundColor = String(part.value);
    return h("code", {}, dot, String(part.value));
  },
};

function inline(elements, directory) {
  return listOf(elements).map((part) => {
    const make = INLINE[part?.type];
    return make
      ? styled(make(part, directory), part.style)
      : h("span", { class: "unsupported-inline" }, `[unsupported: ${part?.type}]`);
  });
}

function list(element, directory) {
  const ordered = element.style === "ordered";
  const indent = Math.min(Math.max(Number(element.indent) || 0, 0), 8);
  const node = h(ordered ? "ol" : "ul", {
    class: "rich-list",
    start: ordered && element.offset ? Number(element.offset) + 1 : null,
  }, listOf(element.elements).map((item) => h("li", {}, inline(item.elements, directory))));
  node.style.listStyleType = (ordered ? NUMBERS : MARKERS)[indent % 3];
  node.style.marginInlineStart = `${indent * 24}px`;
  return node;
}

const plainText = (elements) =>
  listOf(elements).map((part) => part.text ?? part.url ?? "").join("");

const PARTS = {
  rich_text_section: (part, directory) =>
    h("div", { class: "rich-section" }, inline(part.elements, directory)),
  rich_text_list: list,
  rich_text_preformatted: (part) => preformatted(plainText(part.elements).replace(/\n$/, "")),
  rich_text_quote: (part, directory) => h("blockquote", {}, inline(part.elements, directory)),
};

/** Nodes of a rich_text block (or of a table cell of that type). */
export function richText(block, directory) {
  return listOf(block.elements).map((part) =>
    PARTS[part?.type]?.(part, directory)
      ?? h("div", { class: "unsupported" }, `unsupported rich text: ${part?.type}`));
}
