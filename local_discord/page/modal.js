/** Modals: a dialog with the fields that the bot asked for. */

import { button, freshId, h } from "./dom.js";
import { modalFields } from "./modal_fields.js";

/** Opens a modal; `submit(fields, files)` may throw a sentence, and the dialog stays open then. */
export function openModal({ title, components }, room, submit) {
  const heading = h("h2", { id: freshId("title") }, title);
  const { elements, fields } = modalFields(components, room);
  const error = h("p", { class: "error", role: "alert" });
  const send = h("button", { type: "submit", class: "primary" }, "Submit");
  const dialog = h("dialog", { class: "modal", "aria-labelledby": heading.id });
  const form = h(
    "form",
    { novalidate: true },
    heading,
    ...elements,
    error,
    h(
      "div",
      { class: "command-foot" },
      button("Cancel", () => dialog.close(), { class: "secondary" }),
      send,
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!allRight(fields)) return;
    send.disabled = true;
    error.textContent = "";
    try {
      await submit(...answers(fields));
      dialog.close();
    } catch (problem) {
      error.textContent = problem.message;
    } finally {
      send.disabled = false;
    }
  });
  dialog.append(form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  fields[0]?.focus();
}

/** Every field says what is wrong with it; the first such gets the focus. */
function allRight(fields) {
  const wrong = fields.filter((field) => {
    const words = field.problem();
    field.error.textContent = words;
    return words;
  });
  wrong[0]?.focus();
  return !wrong.length;
}

function answers(fields) {
  const values = Object.fromEntries(
    fields.filter((field) => field.value).map((field) => [field.customId, field.value()]),
  );
  return [values, fields.flatMap((field) => field.files?.() ?? [])];
}
