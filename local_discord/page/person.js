/** One of the users: how the page asks in their name, what it hears for them, which channels they see. */

import { Api } from "./api.js";
import { Events } from "./events.js";
import { DM } from "./room.js";

export class Person {
  constructor(user, channels, api) {
    Object.assign(this, { user, channels, api, events: new Events(user.name) });
  }

  static async of(world, user) {
    const api = new Api(user.name);
    const seen = await Promise.all(world.channels.map((channel) => mayRead(api, channel)));
    const own = world.channels
      .filter((_, index) => seen[index])
      .map((channel) => ({ ...channel, title: channel.name }));
    return new Person(user, [...own, DM], api);
  }

  close() {
    this.events.close();
  }
}

/** The world lists every channel; the ones that a person may not see are told by the refusal. */
async function mayRead(api, channel) {
  try {
    await api.get("messages", { channel: channel.name, limit: 1 });
    return true;
  } catch {
    return false;
  }
}
