/** The fields of a modal: text inputs, selects, files, radio buttons and checkboxes. */

import { checklist } from "./checklist.js";
import { choicesOf, isSelect, ownChoice } from "./choices.js";
import { freshId, h } from "./dom.js";
import { markdown } from "./markdown.js";
import { countProblem, textProblem } from "./validation.js";

const ROW = 1;
const TEXT_INPUT = 4;
const TEXT_DISPLAY = 10;
const LABEL = 18;
const FILE_UPLOAD = 19;
const RADIO_GROUP = 21;
const CHECKBOX_GROUP = 22;
const CHECKBOX = 23;
const PARAGRAPH = 2;

/** The elements in their order, and the fields among them: {customId, value(), problem(), focus(), error}. */
export function modalFields(components, room) {
  const fields = [];
  const elements = components.flatMap((component) => {
    if (component.type === TEXT_DISPLAY)
      return [h("div", { class: "text-display" }, ...markdown(component.content, room))];
    return labelled(component).map(({ label, description, inner }) => {
      const field = makeField(inner, label, room);
      fields.push(field);
      return frame(field, label, description, inner);
    });
  });
  return { elements, fields };
}

/** A Label names one component; in an action row, the older form, a text input names itself. */
function labelled(component) {
  if (component.type === LABEL)
    return [{ label: component.label, description: component.description, inner: component.component }];
  if (component.type === ROW) return component.components.map((inner) => ({ label: inner.label, inner }));
  return [];
}

function frame(field, label, description, { required = true, type }) {
  field.error = h("p", { class: "error", id: freshId("error") });
  field.element.dataset.customId = field.customId;
  field.target?.setAttribute("aria-describedby", field.error.id);
  const name =
    field.target && type !== CHECKBOX
      ? h("label", { for: field.target.id }, label, required ? h("span", { class: "required" }, " (needed)") : null)
      : null;
  return h(
    "div",
    { class: "field" },
    name,
    description ? h("p", { class: "note" }, description) : null,
    field.element,
    field.error,
  );
}

function makeField(component, label, room) {
  if (component.type === TEXT_INPUT) return textField(component, label);
  if (component.type === FILE_UPLOAD) return fileField(component, label);
  if (component.type === CHECKBOX) return checkField(component, label);
  const { required = true, min_values: min = 1, max_values: max = 1, type } = component;
  const choices = isSelect(component) ? choicesOf(component, room) : component.options.map(ownChoice);
  if (type === CHECKBOX_GROUP)
    return groupField(component, label, choices, {
      required,
      min,
      max: component.max_values ?? choices.length,
      several: true,
    });
  if (type === RADIO_GROUP || max > 1)
    return groupField(component, label, choices, { required, min, max, several: max > 1 });
  return dropDownField(component, label, choices, required);
}

function textField(
  {
    custom_id: customId,
    style,
    value = "",
    placeholder,
    required = true,
    min_length: minLength,
    max_length: maxLength,
  },
  label,
) {
  const attributes = { id: freshId("input"), placeholder, "aria-required": String(required) };
  const input =
    style === PARAGRAPH ? h("textarea", { ...attributes, rows: "4" }) : h("input", { ...attributes, type: "text" });
  input.value = value ?? "";
  return {
    customId,
    element: input,
    target: input,
    value: () => input.value,
    focus: () => input.focus(),
    problem: () => textProblem(label, input.value, { required, minLength, maxLength }),
  };
}

function fileField({ custom_id: customId, required = true, min_values: min = 1, max_values: max = 1 }, label) {
  const input = h("input", { id: freshId("input"), type: "file", multiple: max > 1 });
  return {
    customId,
    element: input,
    target: input,
    files: () => [...input.files],
    focus: () => input.focus(),
    problem: () => countProblem(label, input.files.length, { required, min, max }),
  };
}

function checkField({ custom_id: customId, default: ticked }, label) {
  const input = h("input", { id: freshId("input"), type: "checkbox", checked: Boolean(ticked) });
  return {
    customId,
    element: h("label", { class: "check" }, input, label),
    target: input,
    value: () => input.checked,
    focus: () => input.focus(),
    problem: () => "",
  };
}

function groupField({ custom_id: customId, type }, label, choices, { required, min, max, several }) {
  const { element, inputs, ticked } = checklist(required ? `${label} (needed)` : label, choices, { several });
  return {
    customId,
    element,
    focus: () => inputs[0].focus(),
    problem: () => countProblem(label, ticked().length, { required, min, max }),
    value: () => (type === RADIO_GROUP ? (ticked()[0] ?? null) : ticked()),
  };
}

function dropDownField({ custom_id: customId, placeholder }, label, choices, required) {
  const options = choices.map(({ value, label: text, chosen }) => h("option", { value, selected: chosen }, text));
  const select = h(
    "select",
    { id: freshId("input") },
    h("option", { value: "" }, placeholder || "Choose…"),
    ...options,
  );
  return {
    customId,
    element: select,
    target: select,
    value: () => (select.value ? [select.value] : []),
    focus: () => select.focus(),
    problem: () => countProblem(label, select.value ? 1 : 0, { required }),
  };
}
