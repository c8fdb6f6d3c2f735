/** A list to choose from by pointer or keys, while the focus stays where the typing is. */

import { freshId, h } from "./dom.js";

/** `items` are {label, hint, value}; `choose(value)` is called with the one that is taken. */
export class Listbox {
  constructor(label, choose) {
    this.choose = choose;
    this.items = [];
    this.active = -1;
    this.element = h("ul", {
      id: freshId("list"),
      role: "listbox",
      class: "listbox",
      "aria-label": label,
      hidden: true,
    });
    this.element.addEventListener("mousedown", (event) => event.preventDefault());
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Ties an input to the list, for screen readers. A text area stays a text box, as ARIA allows it no other role. */
  tie(input) {
    this.input = input;
    this.isCombobox = input.tagName !== "TEXTAREA";
    if (this.isCombobox) input.setAttribute("role", "combobox");
    input.setAttribute("aria-haspopup", "listbox");
    input.setAttribute("aria-controls", this.element.id);
    this.close();
  }

  open(items, active = 0) {
    this.items = items;
    this.element.replaceChildren(...items.map((item) => this.option(item)));
    this.element.hidden = !items.length;
    if (this.isCombobox) this.input.setAttribute("aria-expanded", String(this.isOpen));
    this.move(items.length ? active : -1);
  }

  close() {
    this.open([]);
  }

  option({ label, hint, value }) {
    return h(
      "li",
      { id: freshId("option"), role: "option", onclick: () => this.choose(value) },
      h("span", { class: "option-label" }, label),
      hint ? h("span", { class: "option-hint" }, hint) : null,
    );
  }

  move(index) {
    this.active = index;
    [...this.element.children].forEach((option, place) =>
      option.setAttribute("aria-selected", String(place === index)),
    );
    const current = this.element.children[index];
    if (current) this.input.setAttribute("aria-activedescendant", current.id);
    else this.input.removeAttribute("aria-activedescendant");
    current?.scrollIntoView({ block: "nearest" });
  }

  /** Handles a key of the tied input; true when the list has used it. */
  key(event) {
    if (!this.isOpen || event.isComposing) return false;
    const count = this.items.length;
    if (event.key === "ArrowDown") this.move((this.active + 1) % count);
    else if (event.key === "ArrowUp") this.move((Math.max(this.active, 0) - 1 + count) % count);
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && this.active >= 0)
      this.choose(this.items[this.active].value);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
