// What was painted: strokes of a brush or an eraser on a canvas, which can be undone and redone.

const STRIPES = ["#ff2d9b", "#7a0046"];  // light and dark, so that they can be told from any picture, and without colour
const STRIPE = 8;

export class Strokes {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.ink = stripes(this.context);
    this.done = [];
    this.undone = [];
    this.current = null;
  }

  begin(tool, width, point) {
    this.current = { tool, points: [{ ...point, width }] };
    this.#draw(this.current, 0);
  }

  add(width, point) {
    this.current.points.push({ ...point, width });
    this.#draw(this.current, this.current.points.length - 2);
  }

  end() {
    if (!this.current) return;
    this.done.push(this.current);
    this.undone = [];
    this.current = null;
  }

  /** Take back a stroke that was never meant: a second finger came down. */
  cancel() {
    this.current = null;
    this.#redraw();
  }

  clear() {
    this.done.push({ tool: "clear", points: [] });
    this.undone = [];
    this.#redraw();
  }

  undo() {
    if (this.current || !this.done.length) return;
    this.undone.push(this.done.pop());
    this.#redraw();
  }

  redo() {
    if (this.current || !this.undone.length) return;
    this.done.push(this.undone.pop());
    this.#redraw();
  }

  get isEmpty() {
    const { data } = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    for (let index = 3; index < data.length; index += 4) if (data[index] >= 128) return false;
    return true;
  }

  /** Return the mask as a PNG file: white where it was painted, else black. */
  toFile() {
    const copy = document.createElement("canvas");
    copy.width = this.canvas.width;
    copy.height = this.canvas.height;
    const context = copy.getContext("2d");
    context.drawImage(this.canvas, 0, 0);
    context.globalCompositeOperation = "source-in";
    fill(context, "#fff");
    context.globalCompositeOperation = "destination-over";
    fill(context, "#000");
    return new Promise((resolve) => copy.toBlob(resolve, "image/png"));
  }

  #redraw() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const cleared = this.done.findLastIndex((stroke) => stroke.tool === "clear");
    for (const stroke of this.done.slice(cleared + 1)) this.#draw(stroke, 0);
  }

  /** Draw a stroke from one of its points on: a dot at each, and lines between them. */
  #draw({ tool, points }, from) {
    const context = this.context;
    context.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
    context.strokeStyle = context.fillStyle = this.ink;
    for (let index = Math.max(from, 0); index < points.length; index += 1) {
      const before = points[Math.max(index - 1, 0)];
      const point = points[index];
      context.lineWidth = point.width;
      context.beginPath();
      context.moveTo(before.x, before.y);
      context.lineTo(point.x, point.y);
      context.stroke();
      context.beginPath();
      context.arc(point.x, point.y, point.width / 2, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

function stripes(context) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 4 * STRIPE;
  const ink = tile.getContext("2d");
  fill(ink, STRIPES[0]);
  ink.strokeStyle = STRIPES[1];
  ink.lineWidth = STRIPE;
  ink.beginPath();
  for (const shift of [-4, 0, 4]) {
    ink.moveTo((shift - 1) * STRIPE, 5 * STRIPE);
    ink.lineTo((shift + 5) * STRIPE, -STRIPE);
  }
  ink.stroke();
  return context.createPattern(tile, "repeat");
}

function fill(context, colour) {
  context.fillStyle = colour;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
}
