// The mask on its way to the bot. Whatever goes wrong is said in words, and what was painted stays.

import { element } from "./tools.js";

const GONE = 404;
const FAILED = 500;

export class Sending {
  constructor(strokes, words) {
    this.strokes = strokes;
    this.words = words;
    this.sent = false;
  }

  async send() {
    if (this.strokes.isEmpty) {
      this.fail(this.words.nothing);
      return;
    }
    element("send").disabled = true;
    this.#say(this.words.sending, false);
    const mask = await this.strokes.toFile();
    const { status, error } = await post(this.words.token, mask, this.words.unreachable);
    element("send").disabled = false;
    if (status === GONE || status === FAILED) this.#offerFile(mask);
    if (error) this.fail(error);
    else this.#finish();
  }

  /** The link's time is over. */
  async expire() {
    if (this.sent) return;
    this.fail(this.words.late);
    if (!this.strokes.isEmpty) this.#offerFile(await this.strokes.toFile());
  }

  fail(sentence) {
    this.#say(sentence, true);
  }

  /** Let what was painted be kept where this link takes it no more. */
  #offerFile(mask) {
    const link = element("save");
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(mask);
    link.hidden = false;
  }

  #finish() {
    this.sent = true;
    for (const id of ["how", "life", "main", "tools"]) element(id).hidden = true;
    element("done").hidden = false;
    element("done-title").focus();
  }

  #say(sentence, isWrong) {
    element("message").textContent = sentence;
    element("message").classList.toggle("wrong", isWrong);
  }
}

async function post(token, mask, unreachable) {
  try {
    const response = await fetch(token, { method: "POST", body: mask, headers: { "Content-Type": "image/png" } });
    const answer = await response.json();
    return { status: response.status, error: answer.error };
  } catch {
    return { status: 0, error: unreachable };
  }
}
