/** Discord's markdown inside a line, as nodes. `room` gives the names behind mentions. */

import { h } from "./dom.js";
import { spoilerText } from "./spoiler.js";
import { timestamp } from "./timestamp.js";

const link = (url, children) =>
  h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
const wrap = (tag) => (match, room) => [h(tag, {}, ...inline(match[1], room))];
const mention = (text) => [h("span", { class: "mention" }, text)];

/** Tried in this order at each place: a pattern and what it becomes. */
const RULES = [
  [/^\\([^\p{L}\p{N}\s])/u, (match) => [match[1]]],
  [/^(`+)([^]*?[^`])\1(?!`)/, (match) => [h("code", {}, match[2])]],
  [/^\|\|([^]+?)\|\|/, (match, room) => [spoilerText(inline(match[1], room))]],
  [/^\*\*\*([^*]+)\*\*\*/, (match, room) => [h("strong", {}, h("em", {}, ...inline(match[1], room)))]],
  [/^\*\*([^]+?)\*\*(?!\*)/, wrap("strong")],
  [/^__([^]+?)__(?!_)/, wrap("u")],
  [/^~~([^]+?)~~/, wrap("s")],
  [/^\*(?=\S)((?:\*\*[^*]+\*\*|[^*])+)\*(?!\*)/, wrap("em")],
  [/^_((?:__[^_]+__|[^_])+)_(?![\p{L}\p{N}_])/u, wrap("em")],
  [
    /^\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?(?:\s+"[^"]*")?\)/,
    (match, room) => [link(match[2], inline(match[1], room))],
  ],
  [/^<(https?:\/\/[^\s>]+)>/, (match) => [link(match[1], [match[1]])]],
  [/^https?:\/\/[^\s<>|]*[^\s<>|.,:;"'!?)\]*_~]/, (match) => [link(match[0], [match[0]])]],
  [/^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, (match) => [timestamp(Number(match[1]), match[2])]],
  [/^<@!?(\d+)>/, (match, room) => mention(`@${room.nameOf(match[1])}`)],
  [/^<@&(\d+)>/, (match, room) => mention(`@${room.nameOf(match[1])}`)],
  [/^<#(\d+)>/, (match, room) => mention(`#${room.nameOf(match[1])}`)],
  [/^<\/([^:>]+):\d+>/, (match) => mention(`/${match[1]}`)],
  [/^<a?:(\w+):\d+>/, (match) => [`:${match[1]}:`]],
];

const PLAIN = /^(?:[\p{L}\p{N}]+|[^])/u;

function step(text, room) {
  for (const [pattern, make] of RULES) {
    const match = pattern.exec(text);
    if (match) return [match[0].length, make(match, room)];
  }
  const plain = PLAIN.exec(text)[0];
  return [plain.length, [plain]];
}

/** The nodes of a text without block structure. */
export function inline(text, room) {
  const nodes = [];
  let rest = text;
  while (rest) {
    const [length, made] = step(rest, room);
    nodes.push(...made);
    rest = rest.slice(length);
  }
  return nodes;
}
