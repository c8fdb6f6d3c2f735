/** The messages of one room, kept as the events say. */

import { messageMenu } from "./actions.js";
import { h } from "./dom.js";
import { isLoading, messageItem, spoken } from "./message.js";
import { announce } from "./toast.js";

const NEWEST = 50;
/** How near to its end the page counts as read to the end, in pixels. */
const NEAR = 80;

export class Timeline {
  constructor(element, scroller) {
    this.element = element;
    this.scroller = scroller;
    this.dismissed = new Set();
    this.atEnd = true;
    scroller.addEventListener("scroll", () => this.scrolled());
    const watcher = new ResizeObserver(() => this.resized());
    watcher.observe(element);
    watcher.observe(scroller);
  }

  /** A scroll that comes of a new height says nothing about where the person wants to be. */
  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    if (scrollHeight === this.height) this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** Pictures get their height late; who reads the end goes on seeing the end. */
  resized() {
    this.height = this.scroller.scrollHeight;
    if (this.atEnd) this.toEnd();
  }

  /** Shows a room from its newest messages on. */
  async show(room) {
    if (this.room !== room) this.clear(room);
    const messages = await room.api.get("messages", { channel: room.channel.name, limit: NEWEST });
    this.clear(room);
    messages.forEach((message) => this.put(message));
    this.nothingYet();
    this.atEnd = true;
    this.toEnd();
  }

  clear(room) {
    this.room = room;
    this.messages = new Map();
    this.element.replaceChildren();
  }

  create(message) {
    this.put(message);
    this.nothingYet();
    announce(spoken(message));
  }

  /** Progress would be tiring to hear, so an edit is spoken only where it ends the thinking. */
  update(message) {
    const before = this.messages.get(message.id);
    this.put(message);
    if (before && isLoading(before) && !isLoading(message)) announce(spoken(message));
  }

  remove(id) {
    this.messages.delete(id);
    this.item(id)?.remove();
    this.nothingYet();
  }

  item(id) {
    return this.element.querySelector(`[data-message-id="${CSS.escape(id)}"]`);
  }

  put(message) {
    if (this.dismissed.has(message.id)) return;
    this.messages.set(message.id, message);
    this.room.learn(message);
    const item = messageItem(message, this.room, {
      menu: (...place) => messageMenu(this.room, ...place),
      dismiss: () => this.dismiss(message),
    });
    const old = this.item(message.id);
    if (old) replace(old, item);
    else this.element.append(item);
  }

  dismiss(message) {
    this.dismissed.add(message.id);
    this.remove(message.id);
    this.scroller.focus();
  }

  nothingYet() {
    this.element.querySelector(".empty")?.remove();
    if (!this.messages.size)
      this.element.append(h("li", { class: "empty" }, "Nothing here yet. Type / to see what the bot can do."));
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

/** Puts the new item in the old one's place; a focused component keeps the focus. */
function replace(old, item) {
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.customId : undefined;
  old.replaceWith(item);
  if (focused) item.querySelector(`[data-custom-id="${CSS.escape(focused)}"]`)?.focus();
}
