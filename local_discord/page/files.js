/** Files that are not pictures. */

import { h } from "./dom.js";
import { isPicture, isSpoiler } from "./media.js";
import { spoilerBlock } from "./spoiler.js";

const STEP = 1024;

/** "3.4 MiB" */
export function sizeInWords(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  const power = Math.min(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(STEP)), units.length - 1);
  return `${power ? (bytes / STEP ** power).toFixed(1) : bytes} ${units[power]}`;
}

/** A link that says the file's name and size. */
export function fileLink({ url, name, size, spoiler }) {
  const link = h(
    "a",
    { class: "file", href: url, target: "_blank", rel: "noopener noreferrer" },
    h("span", { class: "file-name" }, name),
    Number.isFinite(size) ? h("span", { class: "file-size" }, sizeInWords(size)) : null,
  );
  return spoiler ? spoilerBlock(link, "file") : link;
}

/** The attachments of a message that have no other place to be seen. */
export function attachedFiles(attachments) {
  return attachments
    .filter((attachment) => !isPicture(attachment))
    .map((attachment) =>
      fileLink({
        url: attachment.url,
        name: attachment.filename,
        size: attachment.size,
        spoiler: isSpoiler(attachment),
      }),
    );
}
