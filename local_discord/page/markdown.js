/** Discord's markdown, as nodes: code blocks, quotes, headings, subtext, lists and lines. */

import { h } from "./dom.js";
import { inline } from "./inline.js";

const FENCE = /```(?:([\w+.-]*)\n)?([^]*?)```/g;
const HEADING = /^(#{1,3}) +(.+)$/;
const SUBTEXT = /^-# +(.+)$/;
const QUOTE = /^> ?(.*)$/;
const ITEM = /^( *)([-*]|\d{1,9}\.) +(.+)$/;

/** Nodes for a message's text. */
export function markdown(text, room) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(FENCE)) {
    nodes.push(...blocks(text.slice(end, match.index).replace(/\n$/, ""), room), codeBlock(match[2], match[1]));
    end = match.index + match[0].length;
  }
  nodes.push(...blocks(end ? text.slice(end).replace(/^\n/, "") : text, room));
  return nodes;
}

function codeBlock(code, language) {
  const attributes = language ? { "data-language": language } : {};
  return h("pre", { tabindex: "0", ...attributes }, h("code", {}, code.replace(/\n$/, "")));
}

/** Blocks of whole lines. Each reader takes the lines that are its own, or none. */
function blocks(text, room) {
  if (!text) return [];
  const lines = text.split("\n");
  const nodes = [];
  while (lines.length)
    nodes.push(
      quoteRest(lines, room) ??
        quote(lines, room) ??
        heading(lines, room) ??
        subtext(lines, room) ??
        list(lines, room) ??
        paragraph(lines, room),
    );
  return nodes;
}

function takeWhile(lines, matches) {
  const taken = [];
  while (lines.length && matches(lines[0])) taken.push(lines.shift());
  return taken;
}

function quoteRest(lines, room) {
  if (!lines[0].startsWith(">>> ")) return null;
  return h("blockquote", {}, ...blocks(lines.splice(0).join("\n").slice(4), room));
}

function quote(lines, room) {
  const quoted = takeWhile(lines, (line) => line.startsWith("> "));
  if (!quoted.length) return null;
  return h("blockquote", {}, ...blocks(quoted.map((line) => QUOTE.exec(line)[1]).join("\n"), room));
}

/** The page's own headings are levels 1 and 2, so a message's begin at 3. */
function heading(lines, room) {
  const match = HEADING.exec(lines[0]);
  if (!match) return null;
  lines.shift();
  return h(`h${match[1].length + 2}`, {}, ...inline(match[2], room));
}

function subtext(lines, room) {
  const match = SUBTEXT.exec(lines[0]);
  if (!match) return null;
  lines.shift();
  return h("p", { class: "subtext" }, ...inline(match[1], room));
}

/** A list; lines that are indented deeper belong to the item above them. */
function list(lines, room) {
  const first = ITEM.exec(lines[0]);
  if (!first) return null;
  const depth = first[1].length;
  const ordered = first[2].endsWith(".");
  const element = h(ordered ? "ol" : "ul", ordered ? { start: parseInt(first[2], 10) } : {});
  while (lines.length) {
    const match = ITEM.exec(lines[0]);
    if (!match || match[1].length < depth) break;
    if (match[1].length === depth && match[2].endsWith(".") !== ordered) break;
    if (match[1].length > depth) {
      element.lastElementChild.append(list(lines, room));
      continue;
    }
    lines.shift();
    element.append(h("li", {}, ...inline(match[3], room)));
  }
  return element;
}

function isBlock(line) {
  return (
    line.startsWith("> ") || line.startsWith(">>> ") || HEADING.test(line) || SUBTEXT.test(line) || ITEM.test(line)
  );
}

function paragraph(lines, room) {
  const first = lines.shift();
  const text = [first, ...takeWhile(lines, (line) => !isBlock(line))].join("\n");
  return h("p", {}, ...inline(text, room));
}
