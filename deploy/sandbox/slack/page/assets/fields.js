// Elements one types into or ticks: text, numbers, dates, times, radio buttons, checkboxes.
// Dates and times are the browser's own inputs: keyboard, locale and phone come for free.

import { composing, freshId, h } from "./dom.js";
import { textNodes, words } from "./text.js";

/** Attributes that tie a control to its label, hint and error. */
export function named(place, element) {
  return {
    id: place.inputId,
    "aria-labelledby": place.labelId,
    "aria-label": place.labelId ? null : words(element.placeholder ?? "") || element.action_id,
    "aria-describedby": place.describedBy,
  };
}

/** Keeps the value; outside input blocks (or with dispatch_action) also sends it. */
export async function changed(place, element, value, node) {
  place.surface.set(place.block, element, value);
  if (!place.acts) return true;
  const { type, ...payload } = value;
  return place.surface.dispatch(place.block, element, payload, node);
}

function textInput(element, place) {
  const held = place.surface.value(place.block, element, {
    type: element.type, value: element.initial_value ?? null,
  });
  const control = h(element.multiline ? "textarea" : "input", {
    ...named(place, element),
    class: "field",
    type: element.multiline ? null : TEXT_TYPES[element.type],
    rows: element.multiline ? 4 : null,
    placeholder: element.placeholder ? words(element.placeholder) : null,
    maxlength: element.max_length,
    min: element.min_value,
    max: element.max_value,
    step: element.is_decimal_allowed ? "any" : null,
    autocomplete: "off",
    data: { actionId: element.action_id ?? "" },
    is: { value: held.value ?? "" },
    on: {
      input: () => place.surface.set(place.block, element, valueOf()),
      keydown: (event) => {
        const enter = event.key === "Enter" && !element.multiline && !composing(event);
        if (enter && place.acts) changed(place, element, valueOf(), control);
      },
    },
  });
  const valueOf = () => ({ type: element.type, value: control.value || null });
  return control;
}

const TEXT_TYPES = {
  plain_text_input: "text", url_text_input: "url", email_text_input: "email", number_input: "number",
};

const pad = (number) => String(number).padStart(2, "0");

/** Epoch seconds as a local date and time, the form in which a browser edits them. */
function localMinute(seconds) {
  const at = new Date(seconds * 1000);
  const day = [at.getFullYear(), pad(at.getMonth() + 1), pad(at.getDate())].join("-");
  return `${day}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

const same = { shown: (held) => held ?? "", held: (shown) => shown || null };
const WHEN = {
  datepicker: { input: "date", key: "selected_date", initial: "initial_date", ...same },
  timepicker: { input: "time", key: "selected_time", initial: "initial_time", ...same },
  datetimepicker: {
    input: "datetime-local", key: "selected_date_time", initial: "initial_date_time",
    shown: (held) => (held ? localMinute(held) : ""),
    held: (shown) => (shown ? Math.floor(new Date(shown).getTime() / 1000) : null),
  },
};

function when(element, place) {
  const { input, key, initial, ...as } = WHEN[element.type];
  const valueOf = (shown) => ({ type: element.type, [key]: as.held(shown) });
  const first = place.surface.value(place.block, element, {
    type: element.type, [key]: element[initial] ?? null,
  });
  let last = as.shown(first[key]);
  const control = h("input", {
    ...named(place, element), class: "field field-when", type: input,
    data: { actionId: element.action_id ?? "" },
    is: { value: last },
    on: {
      change: async () => {
        if (await changed(place, element, valueOf(control.value), control)) {
          last = control.value;
          return;
        }
        control.value = last;
        place.surface.set(place.block, element, valueOf(last));
      },
    },
  });
  return control;
}

const sameOption = (one, other) => one?.value === other?.value;

function ticks(element, place) {
  const many = element.type === "checkboxes";
  const key = many ? "selected_options" : "selected_option";
  const initial = many ? element.initial_options ?? [] : element.initial_option ?? null;
  let held = place.surface.value(place.block, element, { type: element.type, [key]: initial });
  const name = freshId("choice");
  const isOn = (option) => (many
    ? held[key].some((one) => sameOption(one, option)) : sameOption(held[key], option));
  const boxes = (element.options ?? []).map((option) => ({ option, box: h("input", {
    type: many ? "checkbox" : "radio", name, value: option.value,
    is: { checked: isOn(option) },
    on: { change: () => change() },
  }) }));
  const change = async () => {
    const on = boxes.filter(({ box }) => box.checked).map(({ option }) => option);
    const before = held;
    held = { type: element.type, [key]: many ? on : on[0] ?? null };
    if (await changed(place, element, held, group)) return;
    held = before;
    place.surface.set(place.block, element, held);
    for (const { option, box } of boxes) box.checked = isOn(option);
  };
  const group = h("div", {
    ...named(place, element), class: "ticks", role: many ? "group" : "radiogroup", tabindex: -1,
    data: { actionId: element.action_id ?? "" },
  }, boxes.map(({ option, box }) => h("label", { class: "tick" }, box, h("span", {},
    h("span", { class: "text" }, textNodes(option.text, place.surface.directory)),
    option.description
      ? h("small", { class: "text" }, textNodes(option.description, place.surface.directory)) : null,
  ))));
  return group;
}

export const FIELDS = {
  plain_text_input: textInput,
  url_text_input: textInput,
  email_text_input: textInput,
  number_input: textInput,
  datepicker: when,
  timepicker: when,
  datetimepicker: when,
  radio_buttons: ticks,
  checkboxes: ticks,
};
