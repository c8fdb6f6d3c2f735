/** What a select menu offers: its own options, or the people, roles and channels that there are. */

const SELECTS = new Set([3, 5, 6, 7, 8]);

export function isSelect(component) {
  return SELECTS.has(component.type);
}

const people = (room) => room.world.users.map(({ id, name }) => ({ value: id, label: `@${name}` }));
const roles = (room) => room.roles.map(({ id, name }) => ({ value: id, label: `@${name}`, hint: "role" }));
const channels = (room) => room.world.channels.map(({ id, name }) => ({ value: id, label: `#${name}` }));

const OFFERS = { 5: people, 6: roles, 7: (room) => [...people(room), ...roles(room)], 8: channels };
/** The option types of commands that name a thing of the world, as the select that offers the same. */
export const OPTION_SELECTS = { 6: 5, 7: 8, 8: 6, 9: 7 };

/** The things of one kind, as {value, label, hint}. */
export function offered(selectType, room) {
  return OFFERS[selectType](room);
}

/** The choices of a select component, as {value, label, hint, chosen}. */
export function choicesOf(component, room) {
  if (component.options) return component.options.map(ownChoice);
  const defaults = new Set((component.default_values ?? []).map(({ id }) => id));
  return offered(component.type, room).map((choice) => ({ ...choice, chosen: defaults.has(choice.value) }));
}

/** A string option of a select, a radio group or a checkbox group. */
export function ownChoice({ label, value, description, emoji, default: chosen }) {
  return {
    value,
    label: [emojiText(emoji), label].filter(Boolean).join(" "),
    hint: description,
    chosen: Boolean(chosen),
  };
}

/** An emoji as text; one of a guild's own is told by its name. */
export function emojiText(emoji) {
  if (!emoji) return "";
  return emoji.id ? `:${emoji.name}:` : emoji.name;
}
