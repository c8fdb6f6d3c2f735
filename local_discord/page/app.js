/** The page: choose who and where, then let events and the composer do their work. */

import { Api } from "./api.js";
import { Composer } from "./composer.js";
import { Events } from "./events.js";
import { Room } from "./room.js";
import { Sidebar } from "./sidebar.js";
import { Timeline } from "./timeline.js";
import { keepRelativeTimes } from "./timestamp.js";
import { toast } from "./toast.js";

const BOT_CHECK_MS = 5000;

class App {
  constructor(world) {
    this.world = world;
    this.main = document.getElementById("main");
    this.timeline = new Timeline(document.getElementById("timeline"), this.main);
    this.composer = new Composer(document.getElementById("composer"));
    this.sidebar = new Sidebar(world, (place) => this.go({ user: this.room.user.name, channel: this.room.channel.name, ...place }));
  }

  /** Goes to a channel as a person, both by name. A name that does not exist means the first there is. */
  async go({ user, channel }) {
    const person = this.world.users.find(({ name }) => name === user) ?? this.world.users[0];
    const channels = Room.channels(this.world);
    const place = channels.find(({ name }) => name === channel) ?? channels[0];
    if (person !== this.room?.user) this.become(person);
    this.room = new Room(this.world, person, place, this.api, this.events);
    this.remember();
    this.sidebar.show(this.room);
    this.title();
    this.composer.show(this.room);
    await this.load();
    this.composer.text.focus({ preventScroll: true });
  }

  become(person) {
    this.events?.close();
    this.api = new Api(person.name);
    this.events = new Events(person.name);
    this.listen(this.events);
  }

  listen(events) {
    const here = (act, elsewhere = () => {}) => ({ detail }) => (this.room.holds(detail.channel_id) ? act(detail) : elsewhere(detail));
    events.addEventListener("message_create", here((message) => this.timeline.create(message), (message) => this.sidebar.mark(this.room.channelOf(message.channel_id))));
    events.addEventListener("message_update", here((message) => this.timeline.update(message)));
    events.addEventListener("message_delete", here(({ id }) => this.timeline.remove(id)));
    events.addEventListener("disconnected", () => this.status("Reconnecting…"));
    events.addEventListener("connected", () => this.checkBot());
    events.addEventListener("reconnected", () => {
      this.checkBot();
      this.load();
    });
  }

  async load() {
    this.main.setAttribute("aria-busy", "true");
    try {
      await this.timeline.show(this.room);
    } catch (error) {
      toast(error.message);
    } finally {
      this.main.removeAttribute("aria-busy");
    }
  }

  title() {
    const { channel, user } = this.room;
    const name = channel.id === "dm" ? channel.title : `# ${channel.name}`;
    document.getElementById("channel").textContent = channel.nsfw ? `${name} (age-restricted)` : name;
    document.title = `${name} as ${user.name}, ${this.world.guild.name}`;
  }

  /** In the address, so that each window can be somebody else, and for the next visit. */
  remember() {
    const place = { user: this.room.user.name, channel: this.room.channel.name };
    history.replaceState(null, "", `/?${new URLSearchParams(place)}`);
    localStorage.setItem("place", JSON.stringify(place));
  }

  status(words) {
    const element = document.getElementById("bot-status");
    if (element.textContent !== words) element.textContent = words;
  }

  async checkBot() {
    try {
      const { bot_online: online } = await Api.world();
      this.status(online ? "" : "The bot is offline.");
    } catch {
      this.status("Reconnecting…");
    }
  }
}

async function start() {
  const app = new App(await Api.world());
  const remembered = JSON.parse(localStorage.getItem("place") ?? "{}");
  await app.go({ ...remembered, ...Object.fromEntries(new URLSearchParams(location.search)) });
  keepRelativeTimes();
  setInterval(() => app.checkBot(), BOT_CHECK_MS);
}

start().catch((error) => toast(error.message));
