/** Message components, old and V2, each by the number of its type. */

import { emojiText, isSelect } from "./choices.js";
import { colour, h } from "./dom.js";
import { fileLink } from "./files.js";
import { performFrom } from "./interaction.js";
import { markdown } from "./markdown.js";
import { gallery, pictureOf, thumbnail } from "./media.js";
import { selectMenu } from "./select.js";
import { spoilerBlock } from "./spoiler.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };

const RENDERERS = {
  1: (row, message, room) =>
    h("div", { class: "row", role: "group", "aria-label": "Actions" }, ...components(row.components, message, room)),
  2: pressable,
  9: section,
  10: ({ content }, message, room) => h("div", { class: "text-display" }, ...markdown(content, room)),
  11: (item) => thumbnail(picture(item)),
  12: ({ items }) => gallery(items.map(picture)),
  13: file,
  14: ({ divider = true, spacing = 1 }) =>
    h("hr", { class: `separator ${divider ? "" : "without-line"} ${spacing === 2 ? "wide" : ""}` }),
  17: container,
};

/** The elements of a list of components. A type that this page does not know is named rather than dropped. */
export function components(list, message, room) {
  return list.map((component) => {
    if (isSelect(component)) return selectMenu(component, message, room);
    return (
      RENDERERS[component.type]?.(component, message, room) ??
      h("p", { class: "subtext" }, `(component of type ${component.type})`)
    );
  });
}

function picture({ media, description, spoiler }) {
  return pictureOf(media, { description, spoiler });
}

function buttonLabel({ emoji, label }) {
  const content = [];
  if (emoji) content.push(h("span", { "aria-hidden": label ? "true" : null }, emojiText(emoji)));
  if (label) content.push(h("span", {}, label));
  return content;
}

function pressable(component, message, room) {
  const { style, url, disabled, custom_id: customId } = component;
  if (style === 5 && !disabled)
    return h(
      "a",
      { class: "button link", href: url, target: "_blank", rel: "noopener noreferrer" },
      ...buttonLabel(component),
      h("span", { "aria-hidden": "true" }, "↗"),
    );
  const premium = style === 6 && !component.label ? ["Premium"] : buttonLabel(component);
  const element = h(
    "button",
    { type: "button", class: STYLES[style], disabled: disabled || !customId, "data-custom-id": customId },
    ...premium,
  );
  element.addEventListener("click", () =>
    performFrom(element, room, "press", { message: message.id, custom_id: customId }),
  );
  return element;
}

function section({ components: texts, accessory }, message, room) {
  return h(
    "div",
    { class: "section" },
    h("div", { class: "section-text" }, ...components(texts, message, room)),
    ...components([accessory], message, room),
  );
}

function file(component, message) {
  const attachment = message.attachments.find(
    ({ id, url }) => id === component.file.attachment_id || url === component.file.url,
  );
  const name =
    component.name ?? attachment?.filename ?? new URL(component.file.url, location).pathname.split("/").at(-1);
  return fileLink({
    url: component.file.url,
    name,
    size: component.size ?? attachment?.size,
    spoiler: component.spoiler,
  });
}

function container({ components: inside, accent_color: accent, spoiler }, message, room) {
  const element = h("div", { class: "container" }, ...components(inside, message, room));
  if (accent !== undefined) element.style.setProperty("--edge", colour(accent));
  return spoiler ? spoilerBlock(element, "content") : element;
}
