// Which part of the picture is seen: how large, and moved where.

const LARGEST = 16;  // screen pixels for one of the picture's
const MARGIN = 0.96;

export class View {
  /** `width` and `height` are those of the canvas that is shown on the sheet. */
  constructor(stage, sheet, width, height, changed) {
    Object.assign(this, { stage, sheet, width, height, changed, x: 0, y: 0, scale: 1 });
    sheet.style.width = `${width}px`;
    sheet.style.height = `${height}px`;
    this.fit();
    new ResizeObserver(() => this.#resized()).observe(stage);
  }

  get smallest() {
    return MARGIN * Math.min(this.stage.clientWidth / this.width, this.stage.clientHeight / this.height);
  }

  /** Return where on the canvas a point of the stage lies. */
  at(x, y) {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  /** Return where on the stage a point of the canvas lies. */
  onStage({ x, y }) {
    return { x: x * this.scale + this.x, y: y * this.scale + this.y };
  }

  fit() {
    this.isWhole = true;
    this.scale = this.smallest;
    this.#show();
  }

  zoom(factor, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    const scale = Math.min(Math.max(this.scale * factor, this.smallest), Math.max(LARGEST, this.smallest));
    this.isWhole = scale === this.smallest;
    this.x = x - ((x - this.x) / this.scale) * scale;
    this.y = y - ((y - this.y) / this.scale) * scale;
    this.scale = scale;
    this.#show();
  }

  move(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#show();
  }

  /** Say how much larger than as a whole the picture is shown. */
  get percent() {
    return Math.round((100 * this.scale) / this.smallest);
  }

  #resized() {
    if (this.isWhole || this.scale < this.smallest) this.fit();
    else this.#show();
  }

  #show() {
    this.x = kept(this.x, this.width * this.scale, this.stage.clientWidth);
    this.y = kept(this.y, this.height * this.scale, this.stage.clientHeight);
    this.sheet.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.changed(this);
  }
}

/** Keep something in sight: in the middle where there is room, else without a gap at either edge. */
function kept(offset, length, room) {
  if (length <= room) return (room - length) / 2;
  return Math.min(Math.max(offset, room - length), 0);
}
