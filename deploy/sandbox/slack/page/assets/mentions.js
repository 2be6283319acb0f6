// People, channels, groups and dates named inside a text. Only what the directory (the
// store) knows is turned into a name; an unknown id is shown as that id.

import { h } from "./dom.js";
import { anchor } from "./links.js";
import { fromTemplate } from "./time.js";

export function personMention(id, directory, label = "") {
  const app = directory.app?.bot_user === id || directory.app?.id === id;
  const name = app ? directory.app.name : directory.person(id)?.real_name;
  return h("span", {
    class: id === directory.as ? "mention mention-me" : "mention",
    data: { person: id },
  }, `@${name || label || id}`);
}

export function channelMention(id, directory, label = "") {
  const channel = directory.channels.get(id);
  if (!channel) return h("span", { class: "mention" }, `#${label || id}`);
  return h("button", {
    type: "button",
    class: "mention mention-channel",
    data: { channel: id },
    on: { click: () => directory.tell("go", { channel: id }) },
  }, `#${channel.name}`);
}

export function groupMention(name) {
  return h("span", { class: "mention mention-me" }, `@${name.replace(/^@/, "")}`);
}

/** `parts`: seconds, template, and optionally an address. */
export function dateText([seconds, template = "{date}", address], fallback) {
  const text = fromTemplate(seconds, template) ?? fallback;
  return (address && anchor(address, text)) || h("time", { title: fallback }, text);
}
