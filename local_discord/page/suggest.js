/** The bot's suggestions under an option with autocomplete. */

import { Listbox } from "./listbox.js";

const PAUSE_MS = 250;

/** Asks as the person types, and not for every key. `others()` is what `/local/autocomplete` needs to know besides. */
export function suggest(input, option, others, room) {
  const list = new Listbox(`Suggestions for ${option.name}`, (value) => {
    input.value = value;
    list.close();
  });
  let timer;
  let newest = 0;
  const ask = async () => {
    newest += 1;
    const mine = newest;
    const choices = await choicesFor(input, option, others(), room);
    if (mine === newest && document.activeElement === input)
      list.open(
        choices.map(({ name, value }) => ({ label: name, value })),
        -1,
      );
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  };
  list.tie(input);
  input.setAttribute("aria-autocomplete", "list");
  input.addEventListener("input", soon);
  input.addEventListener("focus", soon);
  input.addEventListener("blur", () => {
    newest += 1;
    clearTimeout(timer);
    list.close();
  });
  input.addEventListener("keydown", (event) => list.key(event));
  return list.element;
}

/** Suggestions are a convenience: without an answer the person types on. */
async function choicesFor(input, option, { command, options }, room) {
  try {
    const { choices } = await room.post("autocomplete", {
      command,
      options: { ...options, [option.name]: input.value },
      focused: option.name,
    });
    return choices;
  } catch {
    return [];
  }
}
