// Slack's confirm dialog, as a native modal dialog: the browser holds the focus inside it,
// Escape says no, and the focus returns to where it was.

import { freshId, h } from "./dom.js";
import { textNodes, words } from "./text.js";

/** Asks; resolves to whether the person confirmed. */
export function confirmed(object, directory) {
  const [title, text] = [freshId("confirm-title"), freshId("confirm-text")];
  const yes = h("button", {
    class: object.style === "danger" ? "button button-danger" : "button button-primary",
    type: "button",
    data: { testid: "confirm-yes" },
  }, words(object.confirm) || "Yes");
  const no = h("button", { class: "button", type: "button", data: { testid: "confirm-no" } },
    words(object.deny) || "Cancel");
  const dialog = h("dialog", {
    class: "dialog dialog-small", role: "alertdialog",
    "aria-labelledby": title, "aria-describedby": text, data: { testid: "confirm" },
  },
  h("h2", { id: title, class: "dialog-title" }, words(object.title) || "Are you sure?"),
  h("div", { id: text, class: "dialog-text text" }, textNodes(object.text, directory)),
  h("div", { class: "dialog-buttons" }, no, yes));
  return ask(dialog, yes, no);
}

function ask(dialog, yes, no) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(dialog.returnValue === "yes");
    });
    yes.addEventListener("click", () => dialog.close("yes"));
    no.addEventListener("click", () => dialog.close("no"));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close("no"));
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}
