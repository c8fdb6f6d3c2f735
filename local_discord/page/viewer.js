/** The dialog that shows one picture large, and its neighbours by the arrow keys. */

import { button, h } from "./dom.js";

/** Opens the pictures at an index; the browser gives the focus back on closing. */
export function openViewer(pictures, start) {
  let index = start;
  const stage = h("div", { class: "viewer-stage" });
  const dialog = h("dialog", { class: "viewer", "aria-label": "Picture" });
  const show = (step) => {
    index = (index + step + pictures.length) % pictures.length;
    stage.replaceChildren(...shown(pictures[index]));
    counter.textContent = pictures.length > 1 ? `${index + 1} of ${pictures.length}` : "";
  };
  const counter = h("span", { class: "viewer-counter", "aria-live": "polite" });
  dialog.append(stage, controls(pictures, show, counter, dialog));
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(-1);
    if (event.key === "ArrowRight") show(1);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  show(0);
  document.body.append(dialog);
  dialog.showModal();
}

function shown({ url, alt, name }) {
  const original = h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, "Open original");
  return [h("img", { src: url, alt: alt || name }), h("p", { class: "viewer-alt" }, alt && `${alt} `, original)];
}

function controls(pictures, show, counter, dialog) {
  const several = pictures.length > 1;
  return h(
    "div",
    { class: "viewer-controls" },
    (several && button("Previous", () => show(-1))) || null,
    counter,
    (several && button("Next", () => show(1))) || null,
    button("Close", () => dialog.close(), { autofocus: true }),
  );
}
