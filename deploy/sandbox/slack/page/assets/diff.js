// Preformatted text, with a subtle colour on the added, removed and changed lines when the
// whole looks like a diff or a plan. The text itself is never changed.

import { h } from "./dom.js";

const SIGNS = [
  [/^(?:@@|diff --git |index [0-9a-f]|\+\+\+ |--- )/, "diff-head"],
  [/^\s*(?:-\/\+|\+\/-)\s/, "diff-changed"],
  [/^\s*\+/, "diff-added"],
  [/^\s*-(?!-*$)/, "diff-removed"],
  [/^\s*~\s/, "diff-changed"],
];

function signOf(line) {
  return SIGNS.find(([pattern]) => pattern.test(line))?.[1] ?? null;
}

/** Two kinds of signs, or a hunk header: an ordinary list of dashes is left alone. */
function looksLikeDiff(signs) {
  const kinds = new Set(signs.filter(Boolean));
  return kinds.has("diff-changed") || kinds.has("diff-head")
    || (kinds.has("diff-added") && kinds.has("diff-removed"));
}

export function preformatted(text) {
  const lines = String(text).split("\n");
  const signs = lines.map(signOf);
  if (!looksLikeDiff(signs)) return h("pre", { tabindex: 0 }, String(text));
  // Each line is a block of its own; its newline stays, so that copied text is the text.
  const parts = lines.map((line, index) =>
    h("span", { class: signs[index] }, index < lines.length - 1 ? `${line}\n` : line));
  return h("pre", { class: "diff", tabindex: 0 }, h("span", { class: "diff-lines" }, parts));
}
