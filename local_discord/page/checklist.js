/** A group of radio buttons or checkboxes. */

import { freshId, h } from "./dom.js";

/** `choices` are {value, label, hint, chosen}; the answer has the element and what is ticked. */
export function checklist(legend, choices, { several }) {
  const name = freshId("group");
  const inputs = choices.map(({ value, chosen }) =>
    h("input", { type: several ? "checkbox" : "radio", name, value, checked: chosen }),
  );
  const rows = choices.map(({ label, hint }, index) =>
    h(
      "label",
      { class: "check" },
      inputs[index],
      h("span", {}, label, hint ? h("span", { class: "option-hint" }, hint) : null),
    ),
  );
  const element = h("fieldset", { class: "checklist" }, h("legend", {}, legend), ...rows);
  return { element, inputs, ticked: () => inputs.filter((input) => input.checked).map((input) => input.value) };
}
