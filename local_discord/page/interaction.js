/** Starting an interaction and following it to its answer, its modal or its failure. */

import { openModal } from "./modal.js";
import { toast } from "./toast.js";

/** Discord gives a bot three seconds to acknowledge; the fourth is for the way here. */
const LIMIT_MS = 4000;

/** Posts what starts an interaction and follows it. Throws the sentence of a refusal or a failure. */
export async function perform(room, path, payload, files = []) {
  const { interaction } = await room.post(path, payload, files);
  await follow(room, interaction);
}

/** Shows the modal that answers an interaction. Answers in messages come as events. */
export async function follow(room, interaction) {
  const { state, modal, error } = await acknowledged(room, interaction);
  if (state === "failed") throw new Error(error);
  if (state === "modal")
    openModal(modal, room, (fields, files) => perform(room, "submit", { interaction, fields }, files));
}

/** As perform, for a control in a message: busy meanwhile, and a failure becomes a notice. */
export async function performFrom(control, room, path, payload) {
  if (control.getAttribute("aria-busy") === "true") return;
  control.setAttribute("aria-busy", "true");
  try {
    await perform(room, path, payload);
  } catch (error) {
    toast(error.message);
  } finally {
    control.removeAttribute("aria-busy");
  }
}

/** The interaction once the bot has answered or deferred, or has failed to. */
async function acknowledged(room, id) {
  const change = nextChange(room.events, id);
  const read = () => room.api.get(`interactions/${id}`, { wait: 0 });
  const now = await read();
  if (now.state !== "waiting") return now;
  await change;
  return read();
}

function nextChange(events, id) {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      events.removeEventListener("interaction", listen);
      resolve();
    };
    const listen = ({ detail }) => detail.id === id && detail.state !== "waiting" && finish();
    const timer = setTimeout(finish, LIMIT_MS);
    events.addEventListener("interaction", listen);
  });
}
