/** The files that wait to be sent with the next message. */

import { button, h } from "./dom.js";
import { sizeInWords } from "./files.js";

export class Tray {
  constructor() {
    this.files = [];
    this.input = h("input", {
      type: "file",
      multiple: true,
      class: "unseen",
      "aria-label": "Add files",
      tabindex: "-1",
    });
    this.input.addEventListener("change", () => this.take());
    this.opener = button("+", () => this.input.click(), {
      class: "attach",
      "aria-label": "Add files",
      title: "Add files",
    });
    this.list = h("ul", { class: "tray", "aria-label": "Files to send", hidden: true });
  }

  take() {
    this.files.push(...this.input.files);
    this.input.value = "";
    this.show();
  }

  clear() {
    this.files = [];
    this.show();
  }

  show() {
    this.list.hidden = !this.files.length;
    this.list.replaceChildren(
      ...this.files.map((file) =>
        h(
          "li",
          {},
          `${file.name} (${sizeInWords(file.size)}) `,
          button("×", () => this.remove(file), { class: "quiet", "aria-label": `Leave out ${file.name}` }),
        ),
      ),
    );
  }

  remove(file) {
    this.files.splice(this.files.indexOf(file), 1);
    this.show();
    this.opener.focus();
  }
}
