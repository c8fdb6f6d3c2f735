/** Where a person writes: plain messages with files, and commands by typing a slash. */

import { CommandForm } from "./command_form.js";
import { fetchCommands, matching, slashCommands, typedCommand } from "./commands.js";
import { h } from "./dom.js";
import { follow } from "./interaction.js";
import { Listbox } from "./listbox.js";
import { toast } from "./toast.js";
import { Tray } from "./tray.js";

export class Composer {
  constructor(element) {
    this.element = element;
    this.commands = [];
    this.tray = new Tray();
    this.list = new Listbox("Commands", (command) => this.pick(command));
    this.text = h("textarea", {
      rows: "1",
      placeholder: "Message or /command",
      "aria-label": "Message",
      "aria-autocomplete": "list",
    });
    this.list.tie(this.text);
    this.hint = h("p", { class: "hint", "aria-live": "polite" });
    this.send = h("button", { type: "submit", class: "primary" }, "Send");
    this.form = this.build();
  }

  build() {
    const form = h(
      "form",
      { class: "writing", "aria-label": "Write a message" },
      this.list.element,
      this.tray.list,
      h("div", { class: "writing-row" }, this.tray.opener, this.tray.input, this.text, this.send),
      this.hint,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("blur", () => this.list.close());
    this.text.addEventListener("keydown", (event) => this.key(event));
    return form;
  }

  /** Writes into another room from now on; what was begun for the old one is put away. */
  show(room) {
    this.room = room;
    this.commands = [];
    this.tray.clear();
    this.reset();
  }

  reset() {
    this.text.value = "";
    this.list.close();
    this.hint.textContent = "";
    this.fit();
    this.element.replaceChildren(this.form);
  }

  key(event) {
    if (this.text.value.startsWith("/") && event.key === "Enter" && this.isComplete()) this.list.close();
    if (this.list.key(event) || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  /** A command typed out that needs no option runs at once instead of opening its form. */
  isComplete() {
    const command = typedCommand(this.commands, this.text.value.trimEnd());
    return (
      command && `/${command.name}` === this.text.value.trimEnd() && !command.options.some(({ required }) => required)
    );
  }

  async typed() {
    this.fit();
    const { value } = this.text;
    if (!value.startsWith("/")) return this.suggest([]);
    if (value === "/" || !this.commands.length) await this.load();
    return this.text.value === value ? this.suggest(this.commands) : undefined;
  }

  /** Asked anew with each slash, so that a bot which came later is found. */
  async load() {
    try {
      this.commands = slashCommands(await fetchCommands(this.room));
    } catch (error) {
      toast(error.message);
    }
  }

  suggest(commands) {
    const { value } = this.text;
    const named = typedCommand(commands, value);
    const finished = named && value.length > named.name.length + 1;
    const found = finished || !commands.length ? [] : matching(commands, value.slice(1));
    this.list.open(found.map((command) => ({ label: `/${command.name}`, hint: command.description, value: command })));
    this.hint.textContent = finished ? usage(named) : "";
  }

  pick(command) {
    this.list.close();
    const form = new CommandForm(command, this.room, {
      run: (payload, files) => this.run(payload, files),
      cancel: () => this.back(),
    });
    this.element.replaceChildren(form.element);
    form.focus();
  }

  back() {
    this.element.replaceChildren(this.form);
    this.text.focus();
  }

  async submit() {
    const content = this.text.value.trim();
    const { files } = this.tray;
    if (this.send.disabled || (!content && !files.length)) return;
    this.send.disabled = true;
    try {
      if (content.startsWith("/")) await this.run({ text: content }, files);
      else await this.say(content, files);
      this.tray.clear();
    } catch (error) {
      toast(error.message);
    } finally {
      this.send.disabled = false;
    }
  }

  async say(content, files) {
    await this.room.post("say", { content }, files);
    this.reset();
    this.text.focus();
  }

  /** Once the server has taken the command the composer is free; its failure comes as a notice. */
  async run(payload, files) {
    const { room } = this;
    const { interaction } = await room.post("run", payload, files);
    this.reset();
    this.text.focus();
    follow(room, interaction).catch((error) => toast(error.message));
  }

  fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }
}

function usage({ name, options }) {
  return `/${name} ${options.map((option) => (option.required ? option.name : `[${option.name}:]`)).join(" ")}`;
}
