/** The channels, and who one is. */

import { h, unseen } from "./dom.js";
import { hueOf } from "./message.js";

export class Sidebar {
  /** `go({user, channel})` is called with names. */
  constructor(world, go) {
    Object.assign(this, { go, unread: new Set() });
    this.person = document.getElementById("person");
    this.person.replaceChildren(
      ...world.users.map(({ name, moderator }) =>
        h("option", { value: name }, moderator ? `${name} (moderator)` : name),
      ),
    );
    this.person.addEventListener("change", () => {
      this.unread.clear();
      go({ user: this.person.value });
    });
    document.getElementById("guild").textContent = world.guild.name;
    this.menu = document.getElementById("menu");
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.open(false));
    document.getElementById("main").addEventListener("click", () => this.open(false));
    this.menu.addEventListener("click", () => this.open(this.menu.getAttribute("aria-expanded") !== "true"));
  }

  /** Only where the window is too narrow for it to stand open. */
  open(wanted) {
    this.menu.setAttribute("aria-expanded", String(wanted));
    document.body.classList.toggle("sidebar-open", wanted);
  }

  show(room) {
    this.room = room;
    this.unread.delete(room.channel.id);
    this.person.value = room.user.name;
    const avatar = document.getElementById("avatar");
    avatar.textContent = room.user.name.slice(0, 1).toUpperCase();
    avatar.dataset.hue = hueOf(room.user.id);
    this.list();
    this.open(false);
  }

  mark(channel) {
    this.unread.add(channel.id);
    this.list();
  }

  list() {
    document
      .getElementById("channels")
      .replaceChildren(...this.room.channels.map((channel) => h("li", {}, this.link(channel))));
  }

  link(channel) {
    const { id, name, title, nsfw } = channel;
    const query = new URLSearchParams({ user: this.room.user.name, channel: name });
    const unread = this.unread.has(id);
    const link = h(
      "a",
      {
        href: `/?${query}`,
        class: unread ? "unread" : "",
        "aria-current": id === this.room.channel.id ? "page" : null,
      },
      id === "dm" ? title : `# ${title}`,
      nsfw ? h("span", { class: "age-tag" }, "age-restricted") : null,
      unread ? unseen("new messages") : null,
    );
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.go({ channel: name });
    });
    return link;
  }
}
