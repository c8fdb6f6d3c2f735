/** Select menus in messages: a drop-down list for one value, a checklist for several. */

import { checklist } from "./checklist.js";
import { choicesOf } from "./choices.js";
import { button, h } from "./dom.js";
import { performFrom } from "./interaction.js";
import { Listbox } from "./listbox.js";
import { toast } from "./toast.js";
import { countProblem } from "./validation.js";

const PLACEHOLDERS = {
  3: "Make a selection",
  5: "Choose a person",
  6: "Choose a role",
  7: "Choose a person or role",
  8: "Choose a channel",
};

/** A select component of a message. */
export function selectMenu(component, message, room) {
  const { min_values: min = 1, max_values: max = 1 } = component;
  const offer = {
    component,
    min,
    max,
    choices: choicesOf(component, room),
    title: component.placeholder || PLACEHOLDERS[component.type],
  };
  const send = (control, values) =>
    performFrom(control, room, "select", { message: message.id, custom_id: component.custom_id, values });
  return max > 1 ? several(offer, send) : single(offer, send);
}

function single({ component, choices, min, title }, send) {
  const chosen = choices.find((choice) => choice.chosen);
  const list = new Listbox(title, (value) => {
    list.close();
    control.textContent = choices.find((choice) => choice.value === value)?.label ?? title;
    send(control, value === null ? [] : [value]);
  });
  const items = min === 0 ? [{ label: "Nothing", value: null }, ...choices] : choices;
  const open = () => list.open(items, Math.max(items.indexOf(chosen), 0));
  const control = button(chosen?.label ?? title, () => (list.isOpen ? list.close() : open()), {
    class: "select",
    "aria-label": title,
    "data-custom-id": component.custom_id,
    disabled: component.disabled,
  });
  list.tie(control);
  control.addEventListener("keydown", (event) => {
    if (list.key(event) || list.isOpen || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    open();
  });
  control.addEventListener("blur", () => list.close());
  return h("div", { class: "select-box" }, control, list.element);
}

function several({ component, choices, min, max, title }, send) {
  const { element, ticked } = checklist(title, choices, { several: true });
  const choose = button(
    "Choose",
    () => {
      const problem = countProblem(title, ticked().length, { min, max, required: min > 0 });
      if (problem) toast(problem);
      else send(choose, ticked());
    },
    { class: "primary" },
  );
  element.append(choose);
  element.disabled = Boolean(component.disabled);
  return h(
    "details",
    { class: "select-box", "data-custom-id": component.custom_id },
    h("summary", { class: "select" }, title),
    element,
  );
}
