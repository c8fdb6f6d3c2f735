/** The bot's commands as a person types them. */

const SLASH = 1;
const ON_USER = 2;
const ON_MESSAGE = 3;
const SUBCOMMAND = 1;
const GROUP = 2;
const MOST_SHOWN = 25;

/** The commands which this person may use here. */
export async function fetchCommands(room) {
  return room.api.get("commands", { channel: room.channel.name });
}

/** Every command that can be typed, subcommands by their whole name: {name, description, options}. */
export function slashCommands(commands) {
  return commands.filter(({ type = SLASH }) => type === SLASH).flatMap((command) => leaves(command, command.name));
}

function leaves(command, name) {
  const inner = (command.options ?? []).filter(({ type }) => type === SUBCOMMAND || type === GROUP);
  if (inner.length) return inner.flatMap((option) => leaves(option, `${name} ${option.name}`));
  return [{ name, description: command.description, options: command.options ?? [] }];
}

export function contextCommands(commands) {
  return {
    onUser: commands.filter(({ type }) => type === ON_USER),
    onMessage: commands.filter(({ type }) => type === ON_MESSAGE),
  };
}

/** The commands for what is typed after the slash: those that begin so, then those that contain it. */
export function matching(commands, typed) {
  const wanted = typed.toLowerCase();
  const begin = commands.filter(({ name }) => name.startsWith(wanted));
  const contain = commands.filter(({ name }) => !name.startsWith(wanted) && name.includes(wanted));
  return [...begin, ...contain].slice(0, MOST_SHOWN);
}

/** The command whose whole name a text begins with, the longest name first. */
export function typedCommand(commands, text) {
  const named = commands.filter(
    ({ name }) => text === `/${name}` || text.startsWith(`/${name} `) || text.startsWith(`/${name}\n`),
  );
  return named.sort((a, b) => b.name.length - a.name.length)[0];
}
