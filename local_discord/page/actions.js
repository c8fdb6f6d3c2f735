/** What can be done with a message from outside it: the bot's context commands, deleting, dismissing. */

import { contextCommands, fetchCommands } from "./commands.js";
import { perform } from "./interaction.js";
import { openMenu } from "./menu.js";
import { displayName } from "./message.js";
import { toast } from "./toast.js";

/** Opens a message's menu. */
export async function messageMenu(room, message, opener, point) {
  try {
    const commands = message.ephemeral ? [] : await fetchCommands(room);
    openMenu("Message actions", entries(room, message, commands), opener, point);
  } catch (error) {
    toast(error.message);
  }
}

function entries(room, message, commands) {
  const { onMessage, onUser } = contextCommands(commands);
  const run = (target) => (command) => ({
    label: command.name,
    act: () => attempt(() => perform(room, "run", { command: command.name, target })),
  });
  const list = onMessage.map(run(message.id));
  list.push({ label: "Copy message id", act: () => attempt(() => navigator.clipboard.writeText(message.id)) });
  if (room.mayDelete(message))
    list.push({
      label: "Delete message",
      danger: true,
      act: () => attempt(() => room.api.post("delete", { message: message.id })),
    });
  if (onUser.length) list.push({ heading: displayName(message.author) }, ...onUser.map(run(message.author.id)));
  return list;
}

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    toast(error.message);
  }
}
