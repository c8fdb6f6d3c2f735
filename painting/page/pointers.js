// Mouse, pen and fingers on the stage: one paints, two zoom and move.

const PEN_ERASER = 32;  // a bit of PointerEvent.buttons
const MIDDLE = 1;

export class Pointers {
  constructor(stage, view, strokes, tools, changed) {
    Object.assign(this, { stage, view, strokes, tools, changed });
    this.down = new Map();
    this.holding = false;  // the key that lets a drag move the picture
    stage.addEventListener("pointerdown", (event) => this.#press(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, (event) => this.#lift(event));
    stage.addEventListener("pointerleave", () => this.tools.hideRing());
    stage.addEventListener("contextmenu", (event) => event.preventDefault());
    stage.addEventListener("wheel", (event) => this.#turn(event), { passive: false });
  }

  #press(event) {
    if (event.pointerType === "mouse" && event.button > MIDDLE) return;
    if (event.button === MIDDLE) event.preventDefault();  // no browser shall scroll by itself
    this.stage.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, this.#place(event));
    if (this.down.size === 1 && !this.#moves(event)) {
      const tool = event.buttons & PEN_ERASER ? "eraser" : this.tools.tool;
      this.strokes.begin(tool, this.#width(event), this.#point(event));
    } else {
      this.strokes.cancel();
      this.stage.classList.add("moving");
    }
  }

  #move(event) {
    if (event.pointerType !== "touch") this.tools.showRing(this.#place(event));
    if (!this.down.has(event.pointerId)) return;
    if (this.strokes.current) {
      for (const each of coalesced(event)) this.strokes.add(this.#width(each), this.#point(each));
      this.down.set(event.pointerId, this.#place(event));
    } else {
      this.#drag(event);
    }
  }

  #drag(event) {
    const before = this.#spread();
    this.down.set(event.pointerId, this.#place(event));
    const after = this.#spread();
    if (before.distance > 0 && after.distance > 0) this.view.zoom(after.distance / before.distance, before.x, before.y);
    this.view.move(after.x - before.x, after.y - before.y);
  }

  #lift(event) {
    if (!this.down.delete(event.pointerId)) return;
    if (event.type === "pointercancel") this.strokes.cancel();
    else this.strokes.end();
    if (!this.down.size) this.stage.classList.remove("moving");
    this.changed();
  }

  #turn(event) {
    event.preventDefault();
    const { x, y } = this.#place(event);
    this.view.zoom(Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), x, y);
  }

  #moves(event) {
    return this.holding || (event.pointerType === "mouse" && event.button === MIDDLE);
  }

  #place(event) {
    const frame = this.stage.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  #point(event) {
    const { x, y } = this.#place(event);
    return this.view.at(x, y);
  }

  /** Return the brush's width on the canvas; a pen that is pressed lightly draws a thinner line. */
  #width(event) {
    const pressed = event.pointerType === "pen" && event.pressure > 0 ? 0.4 + 0.6 * event.pressure : 1;
    return (this.tools.size * pressed) / this.view.scale;
  }

  /** Return the middle of the first two fingers and how far they are apart; one is no distance from itself. */
  #spread() {
    const [one, two = one] = this.down.values();
    return { x: (one.x + two.x) / 2, y: (one.y + two.y) / 2, distance: Math.hypot(one.x - two.x, one.y - two.y) };
  }
}

function coalesced(event) {
  const events = event.getCoalescedEvents?.() ?? [];
  return events.length ? events : [event];
}
