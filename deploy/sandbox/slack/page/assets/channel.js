// The main pane: the open channel's header, its messages and its composer.

import { avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { byId, h, swap } from "./dom.js";
import { icon } from "./icons.js";
import { MessageList } from "./messages.js";
import { channelIcon, channelName } from "./sidebar.js";

export class ChannelPane {
  constructor(node, store) {
    Object.assign(this, { node, store });
    this.head = h("div", { class: "pane-head" });
    this.list = new MessageList(store, { label: "Messages", testid: "messages" });
    this.composer = new Composer(store, {
      testid: "composer", inputId: "composer-input", threadTs: () => undefined,
      placeholder: () => `Message ${this.name()}`,
    });
    swap(node, this.head, this.list.node, this.composer.node);
    store.on("channel", () => this.opened());
    store.on("workspace", () => this.drawHead());
    store.on("messages", (what) => this.show(what ?? {}));
  }

  name() {
    const channel = this.store.channel();
    if (!channel) return "";
    return channel.is_im ? channelName(channel, this.store) : `#${channel.name}`;
  }

  opened() {
    this.list.clear();
    this.drawHead();
    this.composer.restore();
    this.node.setAttribute("aria-busy", "true");
  }

  drawHead() {
    const channel = this.store.channel();
    const menu = h("button", {
      type: "button", class: "tool only-small", "aria-label": "Channels and people", data: { testid: "open-drawer" },
      on: { click: () => this.store.tell("drawer", true) },
    }, icon("menu"));
    if (!channel) return swap(this.head, menu);
    this.node.setAttribute("aria-label", this.name());
    return swap(this.head, menu,
      h("h1", { class: "pane-title", data: { testid: "channel-title" } }, channelIcon(channel), channelName(channel, this.store)),
      h("span", { class: "pane-where" }, channel.topic || ""),
      channel.is_im ? null : this.members(channel));
  }

  members(channel) {
    const people = (channel.members ?? []).map((id) => this.store.person(id)).filter(Boolean);
    return h("span", { class: "members", title: people.map((one) => `${one.real_name} (${one.organisation})`).join("\n"),
      "aria-label": `${people.length} members`, role: "img" },
    people.slice(0, 3).map((one) => avatar(one, "avatar-tiny")), h("span", {}, String(people.length)));
  }

  show({ arrived = null }) {
    const { store } = this;
    this.node.setAttribute("aria-busy", String(!store.loaded));
    byId("frame").dataset.ready = store.loaded ? "yes" : "no";
    this.list.show(store.listed(), { arrived, newSince: store.newSince, empty: () => this.beginning() });
  }

  beginning() {
    const channel = this.store.channel();
    return h("div", { class: "beginning" },
      h("h2", {}, channelIcon(channel, 26), channelName(channel, this.store)),
      h("p", {}, channel.is_im
        ? "This conversation is just between the two of you."
        : `This is the very beginning of #${channel.name}. ${channel.topic ?? ""}`),
      this.store.commands.length
        ? h("p", { class: "beginning-hint" }, "Try ", h("code", {}, `${this.store.commands[0].command} help`), ".") : null);
  }
}
