/** What stays covered until a person presses it. */

import { h } from "./dom.js";

/** A covered piece of text: a button that says so in words, then the text itself. */
export function spoilerText(nodes) {
  const text = h("span", { class: "spoiler-text", hidden: true }, ...nodes);
  const cover = h(
    "button",
    { type: "button", class: "spoiler-word", "aria-label": "Spoiler: show the hidden text" },
    "spoiler",
  );
  cover.addEventListener("click", () => uncover(cover, text));
  return h("span", { class: "spoiler" }, cover, text);
}

/** A block (picture, file, container) behind a cover that names what it hides. */
export function spoilerBlock(content, noun) {
  content.inert = true;
  content.classList.add("covered");
  const cover = h(
    "button",
    { type: "button", class: "spoiler-cover", "aria-label": `Spoiler: show the hidden ${noun}` },
    "Spoiler",
  );
  cover.addEventListener("click", () => {
    content.inert = false;
    content.classList.remove("covered");
    uncover(cover, content);
  });
  return h("div", { class: "spoiler-block" }, content, cover);
}

/** The focus goes on to what was uncovered, as its button disappears under it. */
function uncover(cover, content) {
  content.hidden = false;
  content.tabIndex = -1;
  content.focus({ preventScroll: true });
  cover.remove();
}
