// Reads Slack's mrkdwn into nodes. What people wrote stays text: nothing here parses HTML,
// and a token that is not one of Slack's is shown as it was typed. Each pass over a line is
// linear: a mark with no partner is remembered, so it is not looked for again.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { anchor } from "./links.js";
import { channelMention, dateText, groupMention, personMention } from "./mentions.js";
import { preformatted } from "./diff.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const SHORTCODE = /:([a-z0-9_+-]{1,40}):(?::skin-tone-[2-6]:)?/y;
const BARE_LINK = /https?:\/\/[^\s<>|`"]+/y;
const FENCE = "```";

/** Slack escapes exactly three characters; nothing else is an entity. */
export function unescaped(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);
}

/** Nodes for a mrkdwn text. `verbatim` leaves bare addresses as text. */
export function mrkdwn(text, directory, { verbatim = false } = {}) {
  const nodes = [];
  const source = String(text ?? "");
  let at = 0;
  while (at < source.length) {
    const start = source.indexOf(FENCE, at);
    const end = start < 0 ? -1 : source.indexOf(FENCE, start + 3);
    const inside = end < 0 ? "" : source.slice(start + 3, end);
    if (!inside.trim()) {
      nodes.push(...quotes(source.slice(at), directory, verbatim));
      break;
    }
    const before = source.slice(at, start).replace(/\n$/, "");
    if (before) nodes.push(...quotes(before, directory, verbatim));
    nodes.push(preformatted(unescaped(inside.replace(/^\n|\n$/g, "")).replace(/<([^<>|]*)\|([^<>]*)>/g, "$2")));
    at = end + 3;
    if (source[at] === "\n") at += 1;
  }
  return nodes;
}

function quotes(text, directory, verbatim) {
  const nodes = [];
  let quoted = [];
  let plain = [];
  const flush = () => {
    if (quoted.length) nodes.push(h("blockquote", {}, lines(quoted, directory, verbatim)));
    if (plain.length) nodes.push(...lines(plain, directory, verbatim));
    [quoted, plain] = [[], []];
  };
  for (const line of text.split("\n")) {
    const mark = /^(?:>|&gt;) ?/.exec(line);
    if (Boolean(mark) !== quoted.length > 0) flush();
    if (mark) quoted.push(line.slice(mark[0].length));
    else plain.push(line);
  }
  flush();
  return nodes;
}

function lines(list, directory, verbatim) {
  return list.flatMap((line, index) => [
    ...(index ? ["\n"] : []),
    ...new Line(line, directory, verbatim).nodes(),
  ]);
}

class Line {
  constructor(text, directory, verbatim, used = "") {
    Object.assign(this, { text, directory, verbatim, used, at: 0, out: [], buffer: "" });
    this.hopeless = new Set();
  }

  nodes() {
    while (this.at < this.text.length) {
      const mark = this.text[this.at];
      const taken = (mark === "`" && this.#code())
        || (mark === "<" && this.#token())
        || (mark === ":" && this.#emoji())
        || (mark === "h" && this.#bareLink())
        || (mark in STYLES && this.#styled(mark));
      if (!taken) {
        this.buffer += mark;
        this.at += 1;
      }
    }
    this.#push(null);
    return this.out;
  }

  #push(node) {
    if (this.buffer) this.out.push(unescaped(this.buffer));
    this.buffer = "";
    if (node !== null) this.out.push(node);
    return true;
  }

  #find(mark, from) {
    if (this.hopeless.has(mark)) return -1;
    const found = this.text.indexOf(mark, from);
    if (found < 0) this.hopeless.add(mark);
    return found;
  }

  #code() {
    const end = this.#find("`", this.at + 1);
    if (end <= this.at + 1) return false;
    const inside = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return this.#push(h("code", {}, unescaped(inside)));
  }

  #token() {
    const end = this.#find(">", this.at + 1);
    if (end < 0) return false;
    const inside = this.text.slice(this.at + 1, end);
    const node = inside.includes("<") ? null : token(inside, this.directory);
    if (!node) return false;
    this.at = end + 1;
    return this.#push(node);
  }

  #emoji() {
    SHORTCODE.lastIndex = this.at;
    const match = SHORTCODE.exec(this.text);
    const sign = match && emoji(match[1]);
    if (!sign) return false;
    this.at += match[0].length;
    return this.#push(h("span", { class: "emoji", title: match[0] }, sign));
  }

  #bareLink() {
    if (this.verbatim || (this.at > 0 && WORD.test(this.text[this.at - 1]))) return false;
    BARE_LINK.lastIndex = this.at;
    const match = BARE_LINK.exec(this.text);
    const address = match?.[0].replace(/(?:[.,;:!?)*_~]|&gt;|&lt;)+$/, "");
    const node = address && anchor(unescaped(address), unescaped(address));
    if (!node) return false;
    this.at += address.length;
    return this.#push(node);
  }

  #styled(mark) {
    const before = this.text[this.at - 1];
    const opens = !this.used.includes(mark) && !this.hopeless.has(mark)
      && (before === undefined || !WORD.test(before)) && /\S/.test(this.text[this.at + 1] ?? " ");
    if (!opens) return false;
    const end = this.#closing(mark);
    if (end < 0) {
      this.hopeless.add(mark);
      return false;
    }
    const inside = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    const inner = new Line(inside, this.directory, this.verbatim, this.used + mark);
    return this.#push(h(STYLES[mark], {}, inner.nodes()));
  }

  #closing(mark) {
    for (let at = this.at + 1; at < this.text.length; at += 1) {
      const sign = this.text[at];
      if (sign === "`" || sign === "<") {
        const end = this.#find(sign === "<" ? ">" : "`", at + 1);
        if (end > 0) at = end;
      } else if (sign === mark && at > this.at + 1 && /\S/.test(this.text[at - 1])
        && !WORD.test(this.text[at + 1] ?? " ")) return at;
    }
    return -1;
  }
}

function token(inside, directory) {
  const bar = inside.indexOf("|");
  const head = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : unescaped(inside.slice(bar + 1));
  if (/^@[UWB][A-Z0-9]+$/.test(head)) return personMention(head.slice(1), directory, label);
  if (/^#[CGD][A-Z0-9]+$/.test(head)) return channelMention(head.slice(1), directory, label);
  if (head.startsWith("!date^")) return dateText(head.slice(6).split("^"), label);
  if (head.startsWith("!subteam^")) return groupMention(label || head.slice(9));
  if (/^!(?:here|channel|everyone)$/.test(head)) return groupMention(head.slice(1));
  const address = unescaped(head);
  return anchor(address, label || address);
}
