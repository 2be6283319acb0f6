// A surface is what carries blocks: one message or one modal view. It holds the values
// people filled in (as Slack's `state.values`), and sends actions and suggestions to where
// the surface lives. Elements know their surface, not the API.

import { confirmed } from "./confirm.js";

const keyOf = (block, element) => `${block.block_id ?? ""}\u0000${element.action_id ?? ""}`;

export class Surface {
  #values = new Map();

  /** `send({action, state})` and `suggest({block_id, action_id, value})` return the API's answer. */
  constructor({ directory, send, suggest }) {
    Object.assign(this, { directory, send, suggest });
  }

  /** The value shown by an element: what was filled in, else `initial` (kept from now on). */
  value(block, element, initial) {
    const key = keyOf(block, element);
    const kept = this.#values.get(key);
    if (kept && kept.value.type === initial.type) return kept.value;
    this.#values.set(key, { block, element, value: initial });
    return initial;
  }

  set(block, element, value) {
    this.#values.set(keyOf(block, element), { block, element, value });
  }

  /** Forgets values of blocks that are no longer shown. */
  keepOnly(blocks) {
    const ids = new Set(blocks.map((block) => block.block_id ?? ""));
    for (const [key, { block }] of this.#values) {
      if (!ids.has(block.block_id ?? "")) this.#values.delete(key);
    }
  }

  state() {
    const values = {};
    for (const { block, element, value } of this.#values.values()) {
      (values[block.block_id ?? ""] ??= {})[element.action_id ?? ""] = value;
    }
    return { values };
  }

  /**
   * Sends one action after the element's confirm dialog; `node` shows that it is under way.
   * Returns whether it went (false: the person said no, or it failed and was told so).
   */
  async dispatch(block, element, payload, node) {
    if (node.getAttribute("aria-busy") === "true") return false;
    const asked = element.confirm ?? payload.selected_option?.confirm;
    if (asked && !(await confirmed(asked, this.directory))) return false;
    node.setAttribute("aria-busy", "true");
    const action = {
      block_id: block.block_id, action_id: element.action_id, type: element.type, ...payload,
    };
    const answer = await this.send({ action, state: this.state() });
    node.removeAttribute("aria-busy");
    if (!answer?.ok) this.directory.tell("failed", answer);
    return Boolean(answer?.ok);
  }
}
