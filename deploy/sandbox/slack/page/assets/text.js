// Slack's text objects ({type: "plain_text" | "mrkdwn", text}) as nodes or as words.

import { withEmoji } from "./emoji.js";
import { mrkdwn, unescaped } from "./mrkdwn.js";

/** Nodes of a text object; plain_text keeps its marks, and its emoji when allowed. */
export function textNodes(object, directory) {
  if (!object) return [];
  if (object.type === "mrkdwn") {
    return mrkdwn(object.text, directory, { verbatim: object.verbatim === true });
  }
  return [words(object)];
}

/** A text object as one plain string, for labels and names. */
export function words(object) {
  if (typeof object === "string") return object;
  const text = unescaped(String(object?.text ?? ""));
  return object?.emoji === false ? text : withEmoji(text);
}
