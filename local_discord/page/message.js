/** One message as a list item: who, when, what, and what can be done with it. */

import { components } from "./components.js";
import { button, h, unseen } from "./dom.js";
import { embed } from "./embed.js";
import { attachedFiles } from "./files.js";
import { markdown } from "./markdown.js";
import { attachedPictures, gallery } from "./media.js";
import { messageTime } from "./timestamp.js";

const LOADING = 1 << 7;
const COMPONENTS_V2 = 1 << 15;
/** The message type of an answer to a context menu command. */
const MENU_ANSWER = 23;
const HUES = 8;

export const isLoading = (message) => Boolean((message.flags ?? 0) & LOADING);
export const displayName = (person) => person.global_name ?? person.username;
/** One of the avatar colours of the style sheet, always the same for the same person. */
export const hueOf = (id) => Number(BigInt(id) % BigInt(HUES));

/** `actions` are what the message can ask of its surroundings: {menu(message, opener, point), dismiss(message)}. */
export function messageItem(message, room, actions) {
  const more = button("More", () => actions.menu(message, more), {
    class: "more quiet",
    "aria-haspopup": "menu",
    "aria-label": `More actions for the message of ${displayName(message.author)}`,
  });
  const item = h(
    "li",
    { class: message.ephemeral ? "message ephemeral" : "message", "data-message-id": message.id },
    cause(message),
    h(
      "span",
      { class: "avatar", "data-hue": hueOf(message.author.id), "aria-hidden": "true" },
      initial(message.author),
    ),
    h("div", { class: "message-body" }, header(message), ...content(message, room), ephemeralNote(message, actions)),
    isLoading(message) ? null : more,
  );
  item.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, input, textarea") || isLoading(message)) return;
    event.preventDefault();
    actions.menu(message, more, { x: event.clientX, y: event.clientY });
  });
  return item;
}

export function initial(person) {
  return displayName(person).slice(0, 1).toUpperCase();
}

function header({ author, timestamp, edited_timestamp: edited }) {
  return h(
    "p",
    { class: "message-head" },
    h("strong", { class: "author" }, displayName(author)),
    author.bot ? h("span", { class: "app-tag" }, "app") : null,
    messageTime(timestamp),
    edited ? h("span", { class: "edited" }, "(edited)") : null,
  );
}

/** What a message answers: another message, or a command that somebody used. */
function cause({ type, referenced_message: replied, interaction }) {
  if (replied)
    return h(
      "p",
      { class: "cause" },
      "replying to ",
      h("strong", {}, displayName(replied.author)),
      ` ${excerpt(replied)}`,
    );
  if (!interaction) return null;
  const command = type === MENU_ANSWER ? interaction.name : `/${interaction.name}`;
  return h(
    "p",
    { class: "cause" },
    h("strong", {}, displayName(interaction.user)),
    " used ",
    h("span", { class: "mention" }, command),
  );
}

function excerpt({ content: text, attachments }) {
  const line = text.split("\n")[0];
  if (line) return line.length > 80 ? `${line.slice(0, 80)}…` : line;
  return attachments?.length ? "(a picture or file)" : "(a message)";
}

function content(message, room) {
  if (isLoading(message))
    return [
      h(
        "p",
        { class: "thinking" },
        `${displayName(message.author)} is thinking`,
        h("span", { class: "dots", "aria-hidden": "true" }),
      ),
    ];
  const parts = h("div", { class: "components" }, ...components(message.components ?? [], message, room));
  return message.flags & COMPONENTS_V2 ? [parts] : [...legacy(message, room), parts];
}

function legacy({ content: text, attachments, embeds }, room) {
  const pictures = attachedPictures(attachments);
  return [
    text ? h("div", { class: "text" }, ...markdown(text, room)) : null,
    pictures.length ? gallery(pictures) : null,
    ...attachedFiles(attachments),
    ...embeds.map((data) => embed(data, room)),
  ];
}

function ephemeralNote(message, { dismiss }) {
  if (!message.ephemeral) return null;
  return h(
    "p",
    { class: "ephemeral-note" },
    "Only you can see this. ",
    button(["Dismiss", unseen(" this message")], () => dismiss(message), { class: "inline-button" }),
  );
}

/** A message in one sentence, for screen readers. */
export function spoken(message) {
  if (isLoading(message)) return `${displayName(message.author)} is thinking`;
  const count = message.attachments.length;
  const attached = count ? `, with ${count} ${count === 1 ? "attachment" : "attachments"}` : "";
  const text = message.content || textsOf(message.components ?? []).join(" ");
  return `${displayName(message.author)}${message.ephemeral ? ", only to you" : ""}: ${text.slice(0, 300)}${attached}`;
}

function textsOf(list) {
  return list.flatMap(({ content: text, components: inside = [] }) => [...(text ? [text] : []), ...textsOf(inside)]);
}
