// Where a select menu's choices come from, and how a choice is written in `state.values`:
// options given in the block, people, channels, or asked from the app while typing.

import { words } from "./text.js";

const option = (given) => ({
  value: given.value,
  label: words(given.text),
  hint: given.description ? words(given.description) : "",
  raw: given,
});

const groupsOf = (source) => {
  if (Array.isArray(source?.option_groups)) {
    return source.option_groups.map((group) => ({
      label: words(group.label), choices: (group.options ?? []).map(option),
    }));
  }
  return [{ label: "", choices: (source?.options ?? []).map(option) }];
};

const people = (directory) => [{
  label: "",
  choices: [...directory.people.values()].map((one) => ({
    value: one.id, label: one.real_name, hint: one.organisation ?? "", raw: one.id,
  })),
}];

const channels = (directory) => [{
  label: "",
  choices: [...directory.channels.values()].filter((one) => !one.is_im).map((one) => ({
    value: one.id, label: `#${one.name}`, hint: "", raw: one.id,
  })),
}];

const SOURCES = {
  static: { one: "selected_option", many: "selected_options", initial: "initial_option" },
  external: { one: "selected_option", many: "selected_options", initial: "initial_option" },
  users: { one: "selected_user", many: "selected_users", initial: "initial_user", from: people },
  channels: { one: "selected_channel", many: "selected_channels", initial: "initial_channel", from: channels },
  conversations: {
    one: "selected_conversation", many: "selected_conversations",
    initial: "initial_conversation", from: channels,
  },
};

/** How this element chooses: its groups, its keys, and whether it asks while one types. */
export function choosing(element, directory) {
  const [, multi, name] = /^(multi_)?([a-z]+)_select$/.exec(element.type);
  const source = SOURCES[name];
  const many = Boolean(multi);
  const fixed = source.from ? source.from(directory) : groupsOf(element);
  const initial = element[many ? `${source.initial}s` : source.initial];
  const known = new Map(fixed.flatMap((group) => group.choices).map((one) => [one.value, one]));
  const read = (raw) => (typeof raw === "string"
    ? known.get(raw) ?? { value: raw, label: raw, hint: "", raw } : option(raw));
  return {
    many,
    external: name === "external",
    key: many ? source.many : source.one,
    initial: initial ?? (many ? [] : null),
    read: (held) => [held ?? []].flat().map(read),
    write: (chosen) => (many ? chosen.map((one) => one.raw) : chosen[0]?.raw ?? null),
    fixed,
  };
}

/** What the app suggests for what was typed, as groups. */
export async function suggested(element, place, value) {
  const answer = await place.surface.suggest({
    block_id: place.block.block_id, action_id: element.action_id, value,
  });
  if (answer?.ok === false) place.surface.directory.tell("failed", answer);
  return groupsOf(answer);
}

/** The groups that match what was typed, case and order of words aside. */
export function matching(groups, typed) {
  const wanted = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return groups.map((group) => ({
    label: group.label,
    choices: group.choices.filter((one) => {
      const text = `${one.label} ${one.hint}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    }),
  })).filter((group) => group.choices.length);
}
