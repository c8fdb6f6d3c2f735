// The tools below the picture, and the ring that shows where and how wide the brush is.

const SIZE_STEP = 1.2;

export class Tools {
  constructor(strokes, ring) {
    this.strokes = strokes;
    this.ring = ring;
    this.slider = element("size");
    this.slider.addEventListener("input", () => this.#sizeRing());
    this.#sizeRing();
  }

  get tool() {
    return document.querySelector("input[name=tool]:checked").value;
  }

  set tool(name) {
    document.querySelector(`input[name=tool][value=${name}]`).checked = true;
  }

  /** The brush's width in pixels of the screen. */
  get size() {
    return Number(this.slider.value);
  }

  resize(direction) {
    this.slider.value = Math.round(this.size * SIZE_STEP ** direction) + direction;
    this.#sizeRing();
  }

  showRing({ x, y }) {
    this.ring.hidden = false;
    this.ring.style.left = `${x}px`;
    this.ring.style.top = `${y}px`;
  }

  hideRing() {
    this.ring.hidden = true;
  }

  /** Let those buttons be pressed that can do something. */
  refresh() {
    element("undo").disabled = !this.strokes.done.length;
    element("redo").disabled = !this.strokes.undone.length;
    element("clear").disabled = this.strokes.done.at(-1)?.tool === "clear" || !this.strokes.done.length;
  }

  #sizeRing() {
    this.ring.style.width = this.ring.style.height = `${this.size}px`;
  }
}

export function element(id) {
  return document.getElementById(id);
}
