/** Makes elements. Strings always become text, never markup. */

/** An element with attributes (`on…` are listeners, `true`/`false` switch an attribute) and children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else element.setAttribute(name, value === true ? "" : value);
}

let lastId = 0;

/** An id for a label or a description to point at, unique on this page. */
export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/** Text for screen readers alone. */
export function unseen(text) {
  return h("span", { class: "unseen" }, text);
}

/** A button that is not a form's submit button. */
export function button(label, onclick, attributes = {}) {
  return h("button", { type: "button", onclick, ...attributes }, label);
}

/** The 0xRRGGBB number that Discord uses, as a CSS colour. */
export function colour(number) {
  return `#${number.toString(16).padStart(6, "0")}`;
}
