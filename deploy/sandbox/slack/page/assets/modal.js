// Modals: a stack of views in one native dialog. Opening, updating, pushing and closing are
// the server's to say, by events; this module draws the top view, checks what Slack's own
// client checks before sending (required, length), and shows the app's errors by block.

import { api } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { freshId, h, swap } from "./dom.js";
import { icon } from "./icons.js";
import { Surface } from "./surface.js";
import { words } from "./text.js";

const WAIT_FOR_EVENT = 600; // Milliseconds in which the event of a submission may still come.

export class Modals {
  #stack = [];
  #told = new Set(); // Views an event spoke of since their submission was sent.

  constructor(store) {
    this.store = store;
    const titleId = freshId("view-title");
    this.back = h("button", {
      type: "button", class: "tool", "aria-label": "Back", on: { click: () => this.leave() },
    }, icon("back"));
    this.title = h("h2", { id: titleId, class: "dialog-title" });
    this.body = h("div", { class: "view-body" });
    this.cancel = h("button", {
      type: "button", class: "button", data: { testid: "view-close" }, on: { click: () => this.leave() },
    });
    this.submit = h("button", { type: "submit", class: "button button-primary", data: { testid: "view-submit" } });
    this.form = h("form", { class: "view", method: "dialog", novalidate: true, on: {
      submit: (event) => { event.preventDefault(); this.send(); },
    } },
    h("div", { class: "view-head" }, this.back, this.title,
      h("button", {
        type: "button", class: "tool", "aria-label": "Close", data: { testid: "view-x" },
        on: { click: () => this.leaveAll() },
      }, icon("close"))),
    this.body, h("div", { class: "view-foot" }, this.cancel, this.submit));
    this.dialog = h("dialog", { class: "dialog dialog-view", "aria-labelledby": titleId, data: { testid: "modal" } }, this.form);
    this.dialog.addEventListener("cancel", (event) => { event.preventDefault(); this.leave(); });
    document.body.append(this.dialog);
    store.on("workspace", (what) => what?.again || this.drop());
  }

  /** An event of the server: {view, op}. */
  hear({ view, op }) {
    if (view?.id) this.#told.add(view.id);
    if (view?.previous_view_id) this.#told.add(view.previous_view_id);
    if (op === "open") this.#stack = [this.#entry(view)];
    else if (op === "push") this.#stack.push(this.#entry(view));
    else if (op === "update") this.#update(view);
    else if (op === "close") this.#close(view);
    this.show({ enter: op === "open" || op === "push" });
  }

  #entry(view) {
    const surface = new Surface({
      directory: this.store,
      send: (body) => api.viewAction({ as: this.store.as, view_id: view.id, ...body }),
      suggest: (body) => api.suggest({ as: this.store.as, view_id: view.id, ...body }),
    });
    return { view, surface, host: h("div", { class: "blocks" }) };
  }

  #update(view) {
    const entry = this.#stack.find((one) => one.view.id === view.id);
    if (entry) entry.view = view;
    else this.#stack = [...this.#stack.slice(0, -1), this.#entry(view)];
  }

  #close(view) {
    this.#stack = view?.id ? this.#stack.filter((one) => one.view.id !== view.id) : [];
  }

  drop() {
    this.#stack = [];
    this.show({});
  }

  show({ enter = false }) {
    const top = this.#stack.at(-1);
    if (!top) {
      if (this.dialog.open) this.dialog.close();
      this.body.replaceChildren();
      return;
    }
    const { view } = top;
    this.dialog.dataset.viewId = view.id;
    this.title.textContent = words(view.title);
    this.back.hidden = this.#stack.length < 2;
    this.cancel.textContent = words(view.close) || (view.submit ? "Cancel" : "Close");
    this.submit.hidden = !view.submit;
    this.submit.textContent = words(view.submit) || "Submit";
    if (this.body.firstChild !== top.host) swap(this.body, top.host);
    drawBlocks(top.host, view.blocks, top.surface);
    if (!this.dialog.open) this.dialog.showModal();
    if (enter) this.#enter(top);
  }

  #enter({ host }) {
    this.body.scrollTop = 0;
    const first = host.querySelector("input, textarea, select, button, [tabindex='0']");
    (first ?? (this.submit.hidden ? this.cancel : this.submit)).focus();
  }

  /** Closes the top view; `leaveAll` the whole stack. */
  leave() {
    const top = this.#stack.pop();
    if (top) api.closeView({ as: this.store.as, view_id: top.view.id });
    this.show({});
  }

  leaveAll() {
    const top = this.#stack.at(-1);
    if (top) api.closeView({ as: this.store.as, view_id: top.view.id, whole_stack: true });
    this.drop();
  }

  async send() {
    const top = this.#stack.at(-1);
    if (!top?.view.submit || this.submit.getAttribute("aria-busy") === "true") return;
    const missing = lacking(top.view.blocks, top.surface.state().values);
    if (this.#showErrors(top, missing)) return;
    this.submit.setAttribute("aria-busy", "true");
    this.#told.delete(top.view.id);
    const answer = await api.submitView({ as: this.store.as, view_id: top.view.id, state: top.surface.state() });
    if (answer.ok && !answer.errors) await this.#settle(top);
    this.submit.removeAttribute("aria-busy");
    if (answer.errors) this.#showErrors(top, answer.errors);
    else if (!answer.ok) this.store.tell("failed", answer);
  }

  /** An accepted view closes, unless the app said otherwise (updated or pushed one). */
  async #settle(top) {
    const until = performance.now() + WAIT_FOR_EVENT;
    while (!this.#told.has(top.view.id) && performance.now() < until) {
      await new Promise((done) => { setTimeout(done, 40); });
    }
    if (this.#told.has(top.view.id)) return;
    this.#stack = this.#stack.filter((one) => one !== top);
    this.show({});
  }

  #showErrors(top, errors) {
    let first = null;
    for (const node of top.host.querySelectorAll(".input")) {
      const text = errors[node.dataset.blockId] ?? "";
      node.querySelector(".input-error").textContent = String(text);
      node.classList.toggle("input-wrong", Boolean(text));
      const control = node.querySelector("[data-action-id]");
      if (text) control?.setAttribute("aria-invalid", "true");
      else control?.removeAttribute("aria-invalid");
      if (text) first ??= control;
    }
    first?.scrollIntoView({ block: "nearest" });
    (first?.matches(".ticks") ? first.querySelector("input") : first)?.focus();
    return Object.keys(errors).length > 0;
  }
}

const EMPTY = "Please complete this required field.";

/** What Slack's client refuses to send: {block_id: why}. */
export function lacking(blocks, values) {
  const errors = {};
  for (const block of blocks ?? []) {
    if (block.type !== "input") continue;
    const { type, ...held } = values[block.block_id]?.[block.element?.action_id] ?? {};
    const value = Object.values(held)[0];
    const empty = value === null || value === undefined || value === "" || value?.length === 0;
    const least = block.element?.min_length ?? 0;
    if (empty && !block.optional) errors[block.block_id] = EMPTY;
    else if (!empty && typeof value === "string" && value.length < least) {
      errors[block.block_id] = `Please write at least ${least} characters.`;
    }
  }
  return errors;
}
