// The page on which a mask is painted: puts its parts together.

import { Keys } from "./keys.js";
import { Pointers } from "./pointers.js";
import { Sending } from "./sending.js";
import { Strokes } from "./strokes.js";
import { Tools, element } from "./tools.js";
import { View } from "./view.js";

const ZOOM_STEP = 1.5;
const LONGEST = 2048;  // a phone's canvas has room for it
const SHORTEST = 1024;  // in which strokes over small pictures are still round
const NARROWEST = 64;

const words = element("page").dataset;
const stage = element("stage");
const canvas = element("mask");
[canvas.width, canvas.height] = canvasSize(Number(words.width), Number(words.height));

const strokes = new Strokes(canvas);
const tools = new Tools(strokes, element("ring"));
const view = new View(stage, element("sheet"), canvas.width, canvas.height, ({ percent }) => {
  element("zoom").textContent = `${percent} %`;
});
const sending = new Sending(strokes, words);
const changed = () => tools.refresh();
const after = (act) => () => {
  act();
  changed();
};
const actions = {
  undo: after(() => strokes.undo()),
  redo: after(() => strokes.redo()),
  zoom: (direction) => view.zoom(ZOOM_STEP ** direction),
  changed,
};
new Keys(stage, view, strokes, tools, new Pointers(stage, view, strokes, tools, changed), actions);

element("undo").addEventListener("click", actions.undo);
element("redo").addEventListener("click", actions.redo);
element("clear").addEventListener("click", after(() => strokes.clear()));
element("in").addEventListener("click", () => actions.zoom(1));
element("out").addEventListener("click", () => actions.zoom(-1));
element("fit").addEventListener("click", () => view.fit());
element("send").addEventListener("click", () => sending.send());
element("picture").addEventListener("error", () => sending.fail(words.noPicture));
if (element("picture").complete && !element("picture").naturalWidth) sending.fail(words.noPicture);
setTimeout(() => sending.expire(), words.ends * 1000 - Date.now());
element("until").textContent = new Date(words.ends * 1000).toLocaleTimeString([], { timeStyle: "short" });
addEventListener("beforeunload", (event) => {
  if (strokes.done.length && !sending.sent) event.preventDefault();
});

/** Return the canvas's size: the picture's shape, fine enough for small pictures and not too large for any. */
function canvasSize(width, height) {
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  const times = Math.max(1, Math.floor(SHORTEST / long));
  const scale = Math.max(Math.min(times, LONGEST / long), NARROWEST / short);
  return [Math.round(width * scale), Math.round(height * scale)];
}
