/** The server-sent events of one person, which come back by themselves after a break. */

import { parse } from "./api.js";

const NAMES = ["message_create", "message_update", "message_delete", "interaction"];
const RETRY_MS = 2000;

export class Events extends EventTarget {
  constructor(user) {
    super();
    this.user = user;
    this.breaks = 0;
    this.open();
  }

  open() {
    this.source = new EventSource(`/local/events?${new URLSearchParams({ user: this.user })}`);
    for (const name of NAMES) this.source.addEventListener(name, (event) => this.tell(name, parse(event.data)));
    this.source.addEventListener("open", () => this.tell(this.breaks ? "reconnected" : "connected"));
    this.source.addEventListener("error", () => this.broken());
  }

  /** The browser tries again by itself unless the server refused, which closes the source for good. */
  broken() {
    this.breaks += 1;
    this.tell("disconnected");
    if (this.source.readyState !== EventSource.CLOSED) return;
    this.retry = setTimeout(() => this.open(), RETRY_MS);
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  close() {
    clearTimeout(this.retry);
    this.source.close();
  }
}
