/** The page: choose who and where, then let events and the composer do their work. */

import { Api } from "./api.js";
import { Composer } from "./composer.js";
import { Person } from "./person.js";
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
    this.sidebar = new Sidebar(world, (place) =>
      this.go({ user: this.room.user.name, channel: this.room.channel.name, ...place }),
    );
    this.going = Promise.resolve();
  }

  /** One way after the other, however fast somebody chooses. */
  go(place) {
    this.going = this.going.then(() => this.enter(place)).catch((error) => toast(error.message));
    return this.going;
  }

  /** Goes to a channel as a person, both by name. A name that does not exist means the first there is. */
  async enter({ user, channel }) {
    const wanted = this.world.users.find(({ name }) => name === user) ?? this.world.users[0];
    if (wanted !== this.person?.user) await this.become(wanted);
    const { channels } = this.person;
    this.room = new Room(this.world, this.person, channels.find(({ name }) => name === channel) ?? channels[0]);
    this.remember();
    this.sidebar.show(this.room);
    this.title();
    this.composer.show(this.room);
    await this.load();
    if (document.activeElement !== this.sidebar.person) this.composer.text.focus({ preventScroll: true });
  }

  async become(user) {
    this.person?.close();
    this.person = await Person.of(this.world, user);
    this.listen(this.person.events);
  }

  listen(events) {
    const here =
      (act, elsewhere = () => {}) =>
      async ({ detail }) => {
        await this.loaded;
        if (events !== this.person.events) return;
        if (this.room.holds(detail.channel_id)) act(detail);
        else elsewhere(detail);
      };
    events.addEventListener(
      "message_create",
      here(
        (message) => this.timeline.create(message),
        (message) => this.sidebar.mark(this.room.channelOf(message.channel_id)),
      ),
    );
    events.addEventListener(
      "message_update",
      here((message) => this.timeline.update(message)),
    );
    events.addEventListener(
      "message_delete",
      here(({ id }) => this.timeline.remove(id)),
    );
    events.addEventListener("disconnected", () => this.status("Reconnecting…"));
    events.addEventListener("connected", () => this.checkBot());
    events.addEventListener("reconnected", () => {
      this.checkBot();
      this.load();
    });
  }

  /** Events that come meanwhile wait until the messages before them are there. */
  load() {
    this.loaded = this.timeline.show(this.room).catch((error) => toast(error.message));
    return this.loaded;
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

  /** A server that was started anew has other ids for everything, so the page starts anew too. */
  async checkBot() {
    try {
      const { guild, bot_online: online } = await Api.world();
      if (guild.id === this.world.guild.id) this.status(online ? "" : "The bot is offline.");
      else location.reload();
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
