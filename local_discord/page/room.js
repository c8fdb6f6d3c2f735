/** Where a person is: who they are, which channel they read, and the names behind ids. */

const DM = { id: "dm", name: "dm", title: "Direct messages", nsfw: false };

export class Room {
  constructor(world, user, channel, api, events) {
    Object.assign(this, { world, user, channel, api, events });
    this.seen = new Map();
  }

  /** A guild's channels and, last, the direct messages with the bot. */
  static channels(world) {
    return [...world.channels.map((channel) => ({ ...channel, title: channel.name })), DM];
  }

  /** Whether a message or an event belongs here; a channel that the guild does not have is the person's own with the bot. */
  holds(channelId) {
    return this.channelOf(channelId).id === this.channel.id;
  }

  channelOf(channelId) {
    return this.world.channels.find(({ id }) => id === channelId) ?? DM;
  }

  /** Remembers the people whom a message names, so that mentions of them can be read. */
  learn(message) {
    for (const person of [message.author, ...(message.mentions ?? [])]) this.seen.set(person.id, person.global_name ?? person.username);
  }

  nameOf(id) {
    const known = [...this.world.users, ...this.world.channels, ...this.roles].find((thing) => thing.id === id);
    return known?.name ?? this.seen.get(id) ?? id;
  }

  get roles() {
    return this.world.roles ?? [];
  }

  mayDelete(message) {
    return !message.ephemeral && (message.author.id === this.user.id || this.user.moderator);
  }

  /** A request that names this person and this channel. */
  post(path, payload, files = []) {
    return this.api.post(path, { channel: this.channel.name, ...payload }, files);
  }
}
