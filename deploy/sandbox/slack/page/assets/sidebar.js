// The channels of the person one is, with what is unread.

import { avatar } from "./avatar.js";
import { h, reconcile, swap } from "./dom.js";
import { icon } from "./icons.js";

/** What a channel is called: its name, or the other side of a direct message. */
export function channelName(channel, store) {
  if (!channel.is_im) return channel.name;
  return store.partner(channel)?.real_name ?? store.app?.name ?? channel.name;
}

export function channelIcon(channel, size = 17) {
  return channel.is_im ? null : icon(channel.is_private ? "lock" : "hash", size);
}

export class Sidebar {
  #kept = new Map();

  constructor(node, store) {
    Object.assign(this, { node, store });
    this.title = h("div", { class: "workspace", data: { testid: "workspace" } });
    this.items = h("div", { class: "channels" });
    this.me = h("div", { class: "me" });
    swap(node, this.title, this.items, this.me);
    for (const what of ["workspace", "channel", "unread"]) store.on(what, () => this.show());
  }

  show() {
    const { store } = this;
    swap(this.title, h("strong", {}, store.team.name), h("small", {}, `${store.team.domain}.slack.sandbox`));
    const all = [...store.channels.values()];
    const apps = all.filter((one) => one.is_im && !store.partner(one));
    reconcile(this.items, this.#kept, [
      ...this.section("Channels", all.filter((one) => !one.is_im)),
      ...this.section("Direct messages", all.filter((one) => one.is_im && store.partner(one))),
      ...this.section("Apps", apps),
    ]);
    if (!store.me) return;
    swap(this.me, avatar(store.me), h("div", { class: "me-words" }, h("strong", {}, store.me.real_name),
      h("small", {}, [store.me.title, store.organisation(store.as)].filter(Boolean).join(", "))));
  }

  section(title, channels) {
    if (!channels.length) return [];
    return [
      { key: `title:${title}`, make: () => ({ node: h("h2", { class: "channels-title" }, title) }) },
      ...channels.map((channel) => ({
        key: channel.id, make: () => this.make(channel), update: (entry) => this.update(entry, channel),
      })),
    ];
  }

  make(channel) {
    const count = h("span", { class: "unread" });
    const name = h("span", { class: "channel-name" });
    const node = h("button", {
      type: "button", class: "channel", data: { channel: channel.id },
      on: { click: () => this.store.tell("go", { channel: channel.id }) },
    }, this.face(channel), name, count);
    return { node, name, count };
  }

  face(channel) {
    if (!channel.is_im) return channelIcon(channel);
    const { store } = this;
    const app = { initials: (store.app?.name ?? "?").slice(0, 1).toUpperCase(), is_app: true };
    return avatar(store.partner(channel) ?? app, "avatar-tiny");
  }

  update({ node, name, count }, channel) {
    const open = channel.id === this.store.open;
    const unread = open ? 0 : channel.unread ?? 0;
    name.textContent = channelName(channel, this.store);
    count.textContent = unread ? String(Math.min(unread, 99)) : "";
    node.dataset.unread = String(unread);
    node.classList.toggle("channel-open", open);
    if (open) node.setAttribute("aria-current", "page");
    else node.removeAttribute("aria-current");
    node.setAttribute("aria-label", unread ? `${name.textContent}, ${unread} unread` : name.textContent);
  }
}
