// The thread pane: the parent, its replies, and a composer of its own.

import { Composer } from "./composer.js";
import { h, swap } from "./dom.js";
import { icon } from "./icons.js";
import { MessageList } from "./messages.js";

export class ThreadPane {
  constructor(node, store) {
    Object.assign(this, { node, store, shown: null });
    this.where = h("span", { class: "pane-where" });
    this.list = new MessageList(store, { inThread: true, label: "Thread", testid: "thread-messages" });
    this.composer = new Composer(store, {
      testid: "thread-composer", threadTs: () => store.thread?.ts, placeholder: () => "Reply…",
    });
    swap(node,
      h("div", { class: "pane-head" },
        h("h2", { class: "pane-title" }, "Thread"), this.where,
        h("button", {
          type: "button", class: "tool pane-close", "aria-label": "Close thread", title: "Close thread (Esc)",
          data: { testid: "close-thread" }, on: { click: () => this.close() },
        }, icon("close"))),
      this.list.node, this.composer.node);
    node.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.close();
    });
    store.on("thread", (what) => this.show(what ?? {}));
  }

  close() {
    this.store.tell("go", { thread: null });
  }

  show({ opened, arrived }) {
    const { thread } = this.store;
    this.node.hidden = !thread;
    document.body.classList.toggle("with-thread", Boolean(thread));
    if (!thread) {
      this.shown = null;
      return;
    }
    if (this.shown !== thread.ts || opened) {
      this.list.clear();
      this.composer.restore();
    }
    this.shown = thread.ts;
    const channel = this.store.channel();
    this.where.textContent = channel ? (channel.is_im ? "" : `#${channel.name}`) : "";
    this.node.setAttribute("aria-busy", String(!thread.loaded));
    this.list.show(this.store.replies(), { arrived: arrived || null });
    if (opened) this.composer.focus();
  }
}
