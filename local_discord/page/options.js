/** One option of a command as a labelled control. */

import { OPTION_SELECTS, offered } from "./choices.js";
import { button, freshId, h } from "./dom.js";
import { suggest } from "./suggest.js";
import { numberProblem, range, textProblem } from "./validation.js";

const STRING = 3;
const INTEGER = 4;
const BOOLEAN = 5;
const NUMBER = 10;
const ATTACHMENT = 11;
/** Discord's own limit for a string option that names none. */
const LONGEST = 6000;

/** The control's element, its input, and what is in it: value(), files(), problem(). */
export function optionField(option, room, { others, remove }) {
  const input = inputFor(option, room);
  input.id = freshId("option");
  input.dataset.option = option.name;
  const note = h("p", { id: freshId("note"), class: "note" }, noteText(option));
  const error = h("p", { id: freshId("error"), class: "error" });
  input.setAttribute("aria-describedby", `${note.id} ${error.id}`);
  const list = option.autocomplete ? suggest(input, option, others, room) : null;
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: input.id }, option.name, option.required ? h("span", { class: "required" }, " (needed)") : null),
    h(
      "div",
      { class: "field-row" },
      input,
      option.required ? null : button("×", remove, { class: "quiet", "aria-label": `Leave out ${option.name}` }),
    ),
    list,
    error,
    note,
  );
  const field = {
    option,
    element,
    input,
    value: () => valueOf(option, input),
    files: () => (option.type === ATTACHMENT ? [...input.files] : []),
  };
  field.problem = () => {
    const words = problemOf(option, input);
    error.textContent = words;
    input.setAttribute("aria-invalid", String(Boolean(words)));
    return words;
  };
  return field;
}

function inputFor(option, room) {
  const { type, choices, min_value: min, max_value: max, autocomplete } = option;
  if (choices?.length) return dropDown(choices.map(({ name, value }) => ({ label: name, value })));
  if (type === BOOLEAN)
    return dropDown([
      { label: "True", value: "true" },
      { label: "False", value: "false" },
    ]);
  if (type in OPTION_SELECTS) return dropDown(offered(OPTION_SELECTS[type], room));
  if (type === ATTACHMENT) return h("input", { type: "file" });
  if (autocomplete || type === STRING) return h("input", { type: "text", autocomplete: "off" });
  return h("input", {
    type: "number",
    min,
    max,
    step: type === INTEGER ? 1 : "any",
    inputmode: type === INTEGER ? "numeric" : "decimal",
  });
}

function dropDown(choices) {
  return h(
    "select",
    {},
    h("option", { value: "" }, "Choose…"),
    ...choices.map(({ label, value }) => h("option", { value }, label)),
  );
}

function noteText({ description, min_value: min, max_value: max }) {
  const limits = range(min, max);
  return limits ? `${description} (${limits})` : description;
}

function valueOf({ type }, input) {
  if (input.value === "") return undefined;
  if (type === BOOLEAN) return input.value === "true";
  return type === INTEGER || type === NUMBER ? Number(input.value) : input.value;
}

function problemOf(option, input) {
  const {
    name,
    type,
    required,
    min_value: min,
    max_value: max,
    min_length: minLength,
    max_length: maxLength = LONGEST,
  } = option;
  if (type === INTEGER || type === NUMBER)
    return numberProblem(name, input.value, {
      required,
      min,
      max,
      whole: type === INTEGER,
      broken: input.validity.badInput,
    });
  return textProblem(name, input.value, { required, minLength, maxLength: type === STRING ? maxLength : Infinity });
}
