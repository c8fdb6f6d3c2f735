/** Pictures: one or a gallery, each with its alt text, its cover if it is a spoiler, and a large view. */

import { button, freshId, h } from "./dom.js";
import { spoilerBlock } from "./spoiler.js";
import { openViewer } from "./viewer.js";

const SPOILER_FLAG = 1 << 3;
const PICTURE = /^image\/(png|jpeg|gif|webp|avif|apng)/;

/** A picture as this page speaks of it, whatever Discord object it came from. */
export function pictureOf(media, { description, spoiler = false, name = "picture" } = {}) {
  return { url: media.url, width: media.width, height: media.height, alt: description ?? "", spoiler, name };
}

export function isPicture(attachment) {
  return PICTURE.test(attachment.content_type ?? "");
}

export function isSpoiler(attachment) {
  return attachment.filename.startsWith("SPOILER_") || Boolean((attachment.flags ?? 0) & SPOILER_FLAG);
}

/** The pictures among a message's attachments. */
export function attachedPictures(attachments) {
  return attachments.filter(isPicture).map((attachment) =>
    pictureOf(attachment, {
      description: attachment.description,
      spoiler: isSpoiler(attachment),
      name: attachment.filename,
    }),
  );
}

/** A grid of pictures; a single one keeps its own shape. */
export function gallery(pictures) {
  const items = pictures.map((picture, index) =>
    h(
      "li",
      {},
      figure(picture, () => openViewer(pictures, index)),
    ),
  );
  return h(
    "ul",
    {
      class: "gallery",
      "data-count": pictures.length,
      "aria-label": pictures.length > 1 ? `${pictures.length} pictures` : "Picture",
    },
    ...items,
  );
}

function image(picture) {
  const { url, width, height, alt, name } = picture;
  return h("img", { src: url, width, height, alt: alt || `${name}, without a description`, decoding: "async" });
}

function figure(picture, enlarge) {
  const open = h(
    "button",
    { type: "button", class: "picture", onclick: enlarge, "aria-haspopup": "dialog" },
    image(picture),
  );
  const content = h("figure", {}, open, ...(picture.alt ? altText(picture.alt) : []));
  return picture.spoiler ? spoilerBlock(content, "picture") : content;
}

/** The ALT button and the description that it shows. */
function altText(alt) {
  const caption = h("figcaption", { id: freshId("alt"), class: "alt-text", hidden: true }, alt);
  const toggle = button(
    "ALT",
    () => {
      caption.hidden = !caption.hidden;
      toggle.setAttribute("aria-expanded", String(!caption.hidden));
    },
    { class: "alt-button", "aria-label": "Alt text", "aria-expanded": "false", "aria-controls": caption.id },
  );
  return [toggle, caption];
}

/** A small picture beside text. */
export function thumbnail(picture) {
  const open = h(
    "button",
    { type: "button", class: "thumbnail", onclick: () => openViewer([picture], 0), "aria-haspopup": "dialog" },
    image(picture),
  );
  return picture.spoiler ? spoilerBlock(open, "picture") : open;
}
