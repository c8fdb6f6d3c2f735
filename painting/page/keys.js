// The keyboard: every tool has a key, and the brush can be moved and put down without a pointer.

const STEP = 0.5;  // of the brush's width
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Keys {
  constructor(stage, view, strokes, tools, pointers, actions) {
    Object.assign(this, { stage, view, strokes, tools, pointers, actions });
    this.point = { x: view.width / 2, y: view.height / 2 };
    addEventListener("keydown", (event) => this.#press(event));
    addEventListener("keyup", (event) => this.#lift(event));
    addEventListener("blur", () => (pointers.holding = false));
  }

  #press(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = event.ctrlKey || event.metaKey ? this.#withControl(key, event.shiftKey) : this.#alone(key, event.target);
    if (!act || event.altKey) return;
    event.preventDefault();
    act();
  }

  #lift(event) {
    if (event.key.toLowerCase() === "h") this.pointers.holding = false;
  }

  #withControl(key, shift) {
    if (key === "z") return shift ? this.actions.redo : this.actions.undo;
    return key === "y" ? this.actions.redo : null;
  }

  #alone(key, target) {
    if (target === this.stage && key in ARROWS) return () => this.#go(ARROWS[key]);
    if (target === this.stage && key === " ") return () => this.#dab();
    return {
      b: () => (this.tools.tool = "brush"),
      e: () => (this.tools.tool = "eraser"),
      "[": () => this.tools.resize(-1),
      "]": () => this.tools.resize(1),
      "+": () => this.actions.zoom(1),
      "=": () => this.actions.zoom(1),
      "-": () => this.actions.zoom(-1),
      0: () => this.view.fit(),
      h: () => (this.pointers.holding = true),
    }[key];
  }

  #go([dx, dy]) {
    const step = (STEP * this.tools.size) / this.view.scale;
    this.point.x = Math.min(Math.max(this.point.x + dx * step, 0), this.view.width);
    this.point.y = Math.min(Math.max(this.point.y + dy * step, 0), this.view.height);
    this.tools.showRing(this.view.onStage(this.point));
  }

  #dab() {
    if (this.strokes.current) return;
    this.strokes.begin(this.tools.tool, this.tools.size / this.view.scale, this.point);
    this.strokes.end();
    this.tools.showRing(this.view.onStage(this.point));
    this.actions.changed();
  }
}
