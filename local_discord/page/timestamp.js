/** Discord's <t:seconds:style> marks in the reader's language and time zone. */

import { h } from "./dom.js";

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const REFRESH_MS = 1000;

/** "3 minutes ago" or "in 2 days", counted from now. */
export function relative(seconds, now = Date.now() / 1000) {
  const distance = seconds - now;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(distance) >= length) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(distance / size), unit);
}

function format(date, style) {
  return new Intl.DateTimeFormat(undefined, STYLES[style]).format(date);
}

/** A <time> element; style R keeps itself up to date. */
export function timestamp(seconds, style = "f") {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return h("span", {}, String(seconds));
  const element = h("time", { datetime: date.toISOString(), title: format(date, "F") });
  if (style === "R") element.dataset.relative = seconds;
  element.append(style === "R" ? relative(seconds) : format(date, style));
  return element;
}

/** A message's time: the hour when it is of today, the date before it otherwise. */
export function messageTime(iso) {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  const text = new Intl.DateTimeFormat(undefined, today ? STYLES.t : { dateStyle: "short", timeStyle: "short" }).format(
    date,
  );
  return h("time", { datetime: date.toISOString(), title: format(date, "F") }, text);
}

/** Counts the relative times on the page on, for as long as the page lives. */
export function keepRelativeTimes() {
  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const text = relative(Number(element.dataset.relative));
      if (element.textContent !== text) element.textContent = text;
    }
  }, REFRESH_MS);
}
