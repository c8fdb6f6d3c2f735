/** Where a person is: who they are, which channel they read, and the names behind ids. */

/** A person's own channel with the bot. */
export const DM = { id: "dm", name: "dm", title: "Direct messages", nsfw: false };

export class Room {
  constructor(world, person, channel) {
    const { user, api, events, channels } = person;
    Object.assign(this, { world, user, api, events, channels, channel });
    this.seen = new Map();
  }

  /**
   * Whether a message or an event belongs here. A channel that the guild does not have is the person's own with the bot.
   */
  holds(channelId) {
    return this.channelOf(channelId).id === this.channel.id;
  }

  channelOf(channelId) {
    return this.world.channels.find(({ id }) => id === channelId) ?? DM;
  }

  /** Remembers the people whom a message names, so that mentions of them can be read. */
  learn(message) {
    for (const person of [message.author, ...(message.mentions ?? [])])
      this.seen.set(person.id, person.global_name ?? person.username);
  }

  nameOf(id) {
    const known = [...this.world.users, ...this.world.channels, ...this.roles].find((thing) => thing.id === id);
    return this.seen.get(id) ?? known?.name ?? id;
  }

  get roles() {
    return this.world.guild.roles ?? [];
  }

  mayDelete(message) {
    return !message.ephemeral && (message.author.id === this.user.id || this.user.moderator);
  }

  /** A request that names this person and this channel. */
  post(path, payload, files = []) {
    return this.api.post(path, { channel: this.channel.name, ...payload }, files);
  }
}
