/** Short notices, and what screen readers hear of new messages. */

import { button, h } from "./dom.js";

const SHOWN_MS = 12_000;

/** Shows a sentence until it is dismissed or has had time to be read. */
export function toast(sentence) {
  const box = h("div", { class: "toast" }, h("p", {}, sentence));
  const timer = setTimeout(() => box.remove(), SHOWN_MS);
  const dismiss = () => {
    clearTimeout(timer);
    box.remove();
  };
  box.append(button("Dismiss", dismiss, { class: "quiet" }));
  document.getElementById("toasts").append(box);
}

/** Says a sentence to screen readers without moving the focus. */
export function announce(sentence) {
  document.getElementById("announcer").replaceChildren(h("p", {}, sentence));
}
