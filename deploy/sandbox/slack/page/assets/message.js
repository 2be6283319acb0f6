// One message: author line, marks ("Only visible to you", "edited"), content, and the way
// into its thread. It updates in place and owns the message's surface (values and actions).

import { api } from "./api.js";
import { author, avatar } from "./avatar.js";
import { drawBlocks } from "./blocks.js";
import { fill, h, swap } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { icon } from "./icons.js";
import { anchor } from "./links.js";
import { mrkdwn } from "./mrkdwn.js";
import { Surface } from "./surface.js";
import { clock, fullTime, moment } from "./time.js";

const count = (number, noun, nouns = `${noun}s`) => `${number} ${number === 1 ? noun : nouns}`;

export class MessageNode {
  constructor(message, store, { inThread }) {
    Object.assign(this, { store, inThread, json: null });
    const channel = store.open;
    this.surface = new Surface({
      directory: store,
      send: (body) => api.action({ as: store.as, channel, message_ts: message.ts, ...body }),
      suggest: (body) => api.suggest({ as: store.as, channel, message_ts: message.ts, ...body }),
    });
    this.gutter = h("div", { class: "gutter" });
    this.head = h("div", { class: "message-head" });
    this.content = h("div", { class: "content" });
    this.reactions = h("div", { class: "reactions" });
    this.foot = h("div", { class: "message-foot" });
    this.tools = h("div", { class: "tools" });
    this.node = h("article", { class: "message", tabindex: -1, data: { ts: message.ts } },
      this.gutter, h("div", { class: "message-body" }, this.head, this.content, this.reactions, this.foot), this.tools);
  }

  /** Shows `message`; `compact` when it follows another of the same author. */
  update(message, compact) {
    const json = JSON.stringify([message, compact]);
    if (json === this.json) return;
    this.json = json;
    this.message = message;
    const who = author(message, this.store);
    const focused = this.node.contains(document.activeElement);
    this.#mark(message, who, compact);
    this.#drawHead(message, who, compact);
    this.#drawContent(message);
    this.#drawFoot(message);
    this.#drawTools(message);
    // What had the focus may be gone (a decided card has no buttons): stay in the message.
    if (focused && !this.node.contains(document.activeElement)) this.node.focus();
  }

  #mark(message, who, compact) {
    const { node } = this;
    node.classList.toggle("message-compact", compact);
    node.classList.toggle("message-ephemeral", Boolean(message.ephemeral));
    Object.assign(node.dataset, { author: who.id ?? "", ephemeral: String(Boolean(message.ephemeral)) });
    node.setAttribute("aria-label", `${who.real_name}, ${clock(moment(message.ts))}`);
  }

  #drawHead(message, who, compact) {
    const at = moment(message.ts);
    const datetime = Number.isNaN(at.getTime()) ? null : at.toISOString();
    const time = h("time", { class: "time", datetime, title: fullTime(at) }, clock(at));
    swap(this.gutter, compact ? time : avatar(who));
    swap(this.head,
      message.ephemeral
        ? h("div", { class: "only-you", data: { testid: "only-you" } }, icon("eye", 14), "Only visible to you")
        : null,
      compact ? null : h("div", { class: "by" },
        h("span", { class: "author" }, who.real_name),
        who.is_app ? h("span", { class: "badge" }, "APP") : null,
        who.organisation ? h("span", { class: "organisation" }, who.organisation) : null,
        time));
  }

  #drawContent(message) {
    const blocks = Array.isArray(message.blocks) && message.blocks.length ? message.blocks : null;
    if (!this.host) {
      [this.host, this.plain, this.extra] = ["blocks", "text", "attachments"].map((name) =>
        h("div", { class: name }));
      this.content.append(this.plain, this.host, this.extra);
    }
    drawBlocks(this.host, blocks ?? [], this.surface);
    swap(this.plain, blocks ? null : this.#words(message));
    if (message.edited) fill(this.plain, h("span", { class: "edited", data: { testid: "edited" } }, " (edited)"));
    this.plain.classList.toggle("text-after", Boolean(blocks));
    const attachments = JSON.stringify(message.attachments ?? []);
    if (attachments === this.attachments) return;
    this.attachments = attachments;
    swap(this.extra, (message.attachments ?? []).map((one) => this.#attachment(one)));
  }

  #words(message) {
    return message.mrkdwn === false ? String(message.text ?? "") : mrkdwn(message.text, this.store);
  }

  #attachment(one) {
    const body = h("div", { class: "attachment-body" });
    const node = h("div", { class: "attachment" }, body);
    if (one.color) node.style.setProperty("--bar", `#${String(one.color).replace(/[^0-9a-f]/gi, "").slice(0, 6)}`);
    if (one.pretext) node.before(...mrkdwn(one.pretext, this.store));
    if (one.title) fill(body, h("strong", { class: "attachment-title" }, anchor(one.title_link, one.title) ?? one.title));
    if (one.text) fill(body, h("div", { class: "text" }, mrkdwn(one.text, this.store)));
    if (one.fields) {
      fill(body, h("div", { class: "fields" }, one.fields.map((field) => h("div", { class: "text" },
        h("strong", {}, String(field.title ?? "")), "\n", mrkdwn(field.value, this.store)))));
    }
    if (one.blocks) drawBlocks(body, one.blocks, this.surface);
    if (one.footer) fill(body, h("small", { class: "attachment-footer" }, String(one.footer)));
    if (!body.childNodes.length) fill(body, String(one.fallback ?? ""));
    return node;
  }

  #drawFoot(message) {
    swap(this.reactions, (message.reactions ?? []).map((one) => h("span", {
      class: "reaction", title: `:${one.name}: ${(one.users ?? []).map((id) => this.store.person(id)?.real_name ?? id).join(", ")}`,
    }, withEmoji(`:${one.name}:`), h("small", {}, String(one.count ?? "")))));
    const replies = message.reply_count ?? 0;
    if (this.inThread || !replies) return swap(this.foot);
    const people = (message.reply_users ?? []).slice(0, 4).map((user) =>
      avatar(author({ user }, this.store), "avatar-small"));
    const latest = message.latest_reply ? `Last reply ${clock(moment(message.latest_reply))}` : "View thread";
    const label = h("span", { class: "replies-count" }, count(replies, "reply", "replies"));
    if (this.foot.firstChild?.matches("button")) {
      swap(this.foot.firstChild, people, label, h("span", { class: "replies-last" }, latest));
      return null;
    }
    return swap(this.foot, h("button", {
      type: "button", class: "replies", data: { testid: "open-thread" },
      on: { click: () => this.store.tell("go", { thread: message.ts }) },
    }, people, label, h("span", { class: "replies-last" }, latest)));
  }

  #drawTools(message) {
    if (this.tools.childNodes.length) return;
    if (message.ephemeral) {
      fill(this.tools, this.#tool("close", "Dismiss this message", () => this.store.dismiss(message.ts)));
    } else if (!this.inThread) {
      fill(this.tools, this.#tool("thread", "Reply in thread", () => this.store.tell("go", { thread: message.ts })));
    }
  }

  #tool(shape, label, act) {
    return h("button", { type: "button", class: "tool", title: label, "aria-label": label, on: { click: act } }, icon(shape));
  }
}
