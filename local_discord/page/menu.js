/** A pop-up menu of actions, for pointer and keys. */

import { h } from "./dom.js";

const MARGIN = 8;

/** `entries` are {label, act, danger} or {heading}. Opens at a point, or under the control that asked. */
export function openMenu(label, entries, opener, point) {
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, tabindex: "-1" });
  const items = [];
  const close = (returnFocus) => {
    leaving.abort();
    menu.remove();
    if (returnFocus) opener.focus();
  };
  for (const { heading, label: text, act, danger } of entries) {
    if (heading) menu.append(h("p", { class: "menu-heading", role: "presentation" }, heading));
    else
      items.push(
        menu.appendChild(
          h(
            "button",
            {
              type: "button",
              role: "menuitem",
              tabindex: "-1",
              class: danger ? "danger-text" : "",
              onclick: () => {
                close(true);
                act();
              },
            },
            text,
          ),
        ),
      );
  }
  const leaving = new AbortController();
  document.addEventListener("pointerdown", (event) => menu.contains(event.target) || close(false), {
    signal: leaving.signal,
  });
  menu.addEventListener("keydown", (event) => key(event, items, close));
  document.body.append(menu);
  place(menu, opener, point);
  items[0].focus();
}

function key(event, items, close) {
  const at = items.indexOf(document.activeElement);
  const places = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  if (event.key === "Escape" || event.key === "Tab") close(true);
  else if (event.key in places) items[places[event.key]].focus();
  else return;
  event.preventDefault();
}

/** Keeps the whole menu inside the window. */
function place(menu, opener, point) {
  const anchor = opener.getBoundingClientRect();
  const { x, y } = point ?? { x: anchor.right - menu.offsetWidth, y: anchor.bottom };
  const within = (value, size, limit) => Math.max(MARGIN, Math.min(value, limit - size - MARGIN));
  menu.style.left = `${within(x, menu.offsetWidth, innerWidth)}px`;
  menu.style.top = `${within(y, menu.offsetHeight, innerHeight)}px`;
}
