/** Embeds: title, description, fields, pictures and footer beside a coloured edge. */

import { colour, h } from "./dom.js";
import { inline } from "./inline.js";
import { markdown } from "./markdown.js";
import { gallery, pictureOf, thumbnail } from "./media.js";
import { messageTime } from "./timestamp.js";

const outward = (url, text) =>
  url ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, ...text) : h("span", {}, ...text);
const media = (picture) => pictureOf(picture, { description: picture.description, name: "embedded picture" });

/** One embed as an <article>. */
export function embed(data, room) {
  const article = h(
    "article",
    { class: "embed", "aria-label": data.title ?? "Embed" },
    h(
      "div",
      { class: "embed-text" },
      data.author ? h("p", { class: "embed-author" }, outward(data.author.url, [data.author.name])) : null,
      data.title ? h("h3", {}, outward(data.url, inline(data.title, room))) : null,
      ...(data.description ? markdown(data.description, room) : []),
      data.fields?.length ? fields(data.fields, room) : null,
    ),
    data.thumbnail ? thumbnail(media(data.thumbnail)) : null,
    data.image ? gallery([media(data.image)]) : null,
    footer(data),
  );
  if (data.color) article.style.setProperty("--edge", colour(data.color));
  return article;
}

function fields(list, room) {
  return h(
    "dl",
    { class: "embed-fields" },
    ...list.map(({ name, value, inline: beside }) =>
      h(
        "div",
        { class: beside ? "beside" : "" },
        h("dt", {}, ...inline(name, room)),
        h("dd", {}, ...markdown(value, room)),
      ),
    ),
  );
}

function footer({ footer: foot, timestamp }) {
  if (!foot && !timestamp) return null;
  return h(
    "footer",
    { class: "subtext" },
    foot?.text,
    foot && timestamp ? " · " : "",
    timestamp ? messageTime(timestamp) : null,
  );
}
