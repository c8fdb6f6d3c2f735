/** A picked command with its options as a form, in the composer's place. */

import { button, h } from "./dom.js";
import { optionField } from "./options.js";

const ATTACHMENT = 11;

/** `run(payload, files)` may throw a sentence; `cancel()` gives the composer back. */
export class CommandForm {
  constructor(command, room, { run, cancel }) {
    Object.assign(this, { command, room, run, cancel, fields: [] });
    this.optional = command.options.filter(({ required }) => !required);
    this.list = h("div", { class: "fields" });
    this.adders = h("div", { class: "adders", role: "group", "aria-label": "Add an option" });
    this.error = h("p", { class: "error", role: "alert" });
    this.submit = h("button", { type: "submit", class: "primary" }, "Run");
    this.element = this.build();
    command.options.filter(({ required }) => required).forEach((option) => this.add(option));
    this.offerRest();
  }

  build() {
    const { name, description } = this.command;
    const form = h(
      "form",
      { class: "command-form", "aria-label": `/${name}`, novalidate: true },
      h(
        "div",
        { class: "command-head" },
        h("strong", {}, `/${name}`),
        h("span", { class: "option-hint" }, description),
      ),
      this.list,
      this.adders,
      this.error,
      h("div", { class: "command-foot" }, button("Cancel", this.cancel, { class: "secondary" }), this.submit),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    form.addEventListener("keydown", (event) => event.key === "Escape" && this.cancel());
    return form;
  }

  add(option) {
    const field = optionField(option, this.room, {
      others: () => ({ command: this.command.name, options: this.typed() }),
      remove: () => this.remove(field),
    });
    this.fields.push(field);
    this.list.append(field.element);
    return field;
  }

  remove(field) {
    this.fields.splice(this.fields.indexOf(field), 1);
    field.element.remove();
    this.offerRest();
    this.focus();
  }

  /** Buttons for the options that are not in the form yet. */
  offerRest() {
    const shown = new Set(this.fields.map(({ option }) => option));
    const rest = this.optional.filter((option) => !shown.has(option));
    this.adders.replaceChildren(
      ...rest.map((option) =>
        button(
          `+ ${option.name}`,
          () => {
            this.add(option).input.focus();
            this.offerRest();
          },
          { class: "adder", title: option.description, "aria-label": `Add ${option.name}: ${option.description}` },
        ),
      ),
    );
    this.adders.hidden = !rest.length;
  }

  focus() {
    (this.fields[0]?.input ?? this.submit).focus();
  }

  /** What is filled in but for files, for the suggestions. */
  typed() {
    const plain = this.fields
      .filter(({ option }) => option.type !== ATTACHMENT)
      .map((field) => [field.option.name, field.value()]);
    return Object.fromEntries(plain.filter(([, value]) => value !== undefined));
  }

  /** What is to be run; an attachment option gives the number of its file. */
  values() {
    const chosen = this.fields.filter((field) => field.files().length);
    return { ...this.typed(), ...Object.fromEntries(chosen.map((field, number) => [field.option.name, number])) };
  }

  files() {
    return this.fields.flatMap((field) => field.files());
  }

  async send() {
    const wrong = this.fields.filter((field) => field.problem());
    if (wrong.length) {
      wrong[0].input.focus();
      return;
    }
    this.submit.disabled = true;
    try {
      await this.run({ command: this.command.name, options: this.values() }, this.files());
    } catch (error) {
      this.error.textContent = error.message;
    } finally {
      this.submit.disabled = false;
    }
  }
}
