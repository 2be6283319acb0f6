// Keys that work anywhere on the page. While a dialog is open the page behind it is not
// reachable, by keys either.

import { byId } from "./dom.js";

const REGIONS = ["strip", "rail", "sidebar", "channel", "thread"];
const BEST = {
  channel: "#composer-input",
  thread: "textarea",
  rail: "[tabindex='0']",
  sidebar: "[aria-current]",
  strip: "button",
};

function nextRegion(step) {
  const shown = REGIONS.map(byId).filter((node) => node.checkVisibility());
  const at = shown.findIndex((node) => node.contains(document.activeElement));
  const node = shown[(at + step + shown.length) % shown.length];
  (node.querySelector(BEST[node.id]) ?? node.querySelector("button, textarea"))?.focus();
}

function nextChannel(store, step) {
  const ids = [...store.channels.keys()];
  const at = ids.indexOf(store.open);
  if (ids.length > 1) store.tell("go", { channel: ids[(at + step + ids.length) % ids.length] });
}

export function watchKeys({ store, people, closeDrawer }) {
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    // By code, not by key: Alt+P types another character on a Mac.
    const plainAlt = event.altKey && !event.ctrlKey && !event.metaKey;
    if (plainAlt && event.code === "KeyP") people.toggle();
    else if (plainAlt && event.code === "ArrowUp") nextChannel(store, -1);
    else if (plainAlt && event.code === "ArrowDown") nextChannel(store, 1);
    else if (event.key === "F6") nextRegion(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && !byId("scrim").hidden) closeDrawer();
    else return;
    event.preventDefault();
  });
}
