// What was said, drawn on the picture. Places are thousandths of the whole still; the stage shows a part of it.
const SVG = "http://www.w3.org/2000/svg";
const overlay = document.createElementNS(SVG, "svg");
overlay.setAttribute("class", "directing");
overlay.setAttribute("role", "group");
overlay.setAttribute("aria-label", "What was said about the motion");
let found = []; // kinds of things that move by themselves
let part = null; // left, top, right and bottom of what the stage shows, in shares of the still

function made(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  node.append(...children);
  return node;
}

const size = () => ({ width: overlay.clientWidth || 1, height: overlay.clientHeight || 1 });

function toScreen([x, y]) {
  const { width, height } = size();
  return [((x / FULL - part[0]) / (part[2] - part[0])) * width, ((y / FULL - part[1]) / (part[3] - part[1])) * height];
}

function toStill(event) {
  const box = overlay.getBoundingClientRect();
  const share = (value, start, length) => Math.min(1, Math.max(0, (value - start) / length));
  const x = part[0] + share(event.clientX, box.left, box.width) * (part[2] - part[0]);
  const y = part[1] + share(event.clientY, box.top, box.height) * (part[3] - part[1]);
  return [x, y].map((value) => Math.round(Math.min(1, Math.max(0, value)) * FULL));
}

const line = (points, closed) => points.map((point, i) => `${i ? "L" : "M"}${toScreen(point).map((v) => v.toFixed(1))}`).join("") + (closed ? "Z" : "");

// The degrees clockwise in which a path goes on the picture, from its first place to its last.
function degreesOf(path) {
  const [a, b] = [toScreen(path[0]), toScreen(path.at(-1))];
  return (Math.atan2(b[1] - a[1], b[0] - a[0]) * 180) / Math.PI;
}

function head(path) {
  const [x, y] = toScreen(path.at(-1));
  const before = path.length > 2 ? path.slice(-Math.max(2, Math.ceil(path.length / 4))) : path;
  return made("path", { class: "head", d: "M-8,-9L10,0L-8,9Z", transform: `translate(${x},${y}) rotate(${degreesOf(before)})` });
}

// A place that can be taken hold of, by hand or with the arrow keys; `move` gets the place, `take` is called at the end.
function handle(place, label, move, drop) {
  const [x, y] = toScreen(place);
  const spot = made("circle", { cx: x, cy: y, r: 9 });
  const wide = made("circle", { cx: x, cy: y, r: 22, class: "reach" });
  const node = made("g", { class: "handle", tabindex: 0, role: "button", "aria-label": label }, wide, spot);
  node.onpointerdown = (start) => follow(start, node, (event) => move(toStill(event)));
  node.onkeydown = (event) => moved(event, place, move, drop);
  return node;
}

function moved(event, place, move, drop) {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (way) {
    event.preventDefault();
    const by = event.shiftKey ? 50 : 10;
    refocused(() => move(place.map((value, axis) => Math.min(FULL, Math.max(0, value + way[axis] * by)))));
  } else if (event.key === "Delete" || event.key === "Backspace") {
    event.preventDefault();
    drop();
  } else return;
  event.stopPropagation();
}

// What is drawn anew loses the focus: it goes to what stands in its place.
function refocused(act) {
  const label = document.activeElement?.getAttribute("aria-label");
  act();
  overlay.querySelector(`[aria-label="${CSS.escape(label || "")}"]`)?.focus();
}

let isHeld = false;
function follow(start, node, go, end = () => {}) {
  if (!start.isPrimary) return;
  start.preventDefault();
  start.stopPropagation();
  isHeld = true;
  overlay.setPointerCapture(start.pointerId);
  overlay.onpointermove = (event) => event.isPrimary && go(event);
  overlay.onpointerup = (event) => (letGo(), end(event));
  overlay.onpointercancel = letGo;
}

function letGo() {
  isHeld = false;
  lastJoined = "";
  overlay.onpointermove = overlay.onpointerup = overlay.onpointercancel = null;
}

function drawnArrow(arrow, index) {
  const name = `Arrow ${letter(index)}`;
  const shift = (end) => (place) => put("arrows", index, { ...items("arrows")[index], path: stretched(items("arrows")[index].path, end, place) }, `arrow ${index}`);
  const ends = [0, 1].map((end) => handle(arrow.path[end ? arrow.path.length - 1 : 0], `${name}, ${end ? "end" : "start"}`, shift(end), () => drop("arrows", index)));
  const way = line(arrow.path);
  return made("g", { class: `arrow ${arrow.do || "flow"}` }, made("path", { class: "edge", d: way }), made("path", { class: "way", d: way }), ...ends, head(arrow.path), tag(arrow.path[0], letter(index)));
}

// The path with one of its ends elsewhere: all of it goes along, the less the farther from that end.
function stretched(path, end, place) {
  const from = path[end ? path.length - 1 : 0];
  const by = [place[0] - from[0], place[1] - from[1]];
  const last = path.length - 1;
  const next = path.map(([x, y], i) => {
    const share = end ? i / last : 1 - i / last;
    return [Math.round(x + by[0] * share), Math.round(y + by[1] * share)].map((v) => Math.min(FULL, Math.max(0, v)));
  });
  return next[0].join() === next[last].join() ? path : next;
}

function tag(place, words) {
  const [x, y] = toScreen(place);
  return made("text", { x: x + 12, y: y - 10, class: "tag" }, document.createTextNode(words));
}

function middleOf(outlines) {
  const points = outlines[0];
  const sum = points.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return sum.map((value) => Math.round(value / points.length));
}

function drawnRegion(region, index) {
  const middle = middleOf(region.outlines);
  const go = (place) => {
    const now = items("regions")[index];
    const at = middleOf(now.outlines);
    const shifted = (points) => points.map((p) => p.map((v, i) => Math.min(FULL, Math.max(0, v + place[i] - at[i]))));
    const path = now.path ? { path: shifted(now.path) } : {};
    put("regions", index, { ...now, outlines: now.outlines.map(shifted), ...path }, `part ${index}`);
  };
  const send = (place) => {
    const now = items("regions")[index];
    if (place.join() !== now.path[0].join()) put("regions", index, { ...now, path: [now.path[0], place] }, `sent ${index}`);
  };
  const drawn = [];
  if (region.path) {
    const way = line(region.path);
    const end = handle(region.path.at(-1), `Part ${letter(index)}, where it goes`, send, () => drop("regions", index));
    drawn.push(made("path", { class: "edge", d: way }), made("path", { class: "way", d: way }), end, head(region.path));
  }
  const shape = made("path", { class: "outline", d: region.outlines.map((each) => line(each, true)).join(""), "fill-rule": "evenodd" });
  return made("g", { class: `part ${region.do || "auto"}` }, shape, ...drawn, handle(middle, `Part ${letter(index)}`, go, () => drop("regions", index)), tag(middle, letter(index)));
}

function drawnAnchor(place, index) {
  const [x, y] = toScreen(place);
  const cross = made("path", { class: "pin", d: `M${x - 6},${y}H${x + 6}M${x},${y - 6}V${y + 6}` });
  return made("g", { class: "anchor" }, handle(place, `Still place ${index + 1}`, (to) => put("anchors", index, to, `anchor ${index}`), () => drop("anchors", index)), cross);
}

function drawnCamera() {
  if (!keys().length) return [];
  const end = cameraEnd();
  const half = FULL / end.zoom / 2;
  const [left, top] = toScreen([end.x - half, end.y - half]);
  const [right, bottom] = toScreen([end.x + half, end.y + half]);
  const frame = made("rect", { x: left, y: top, width: right - left, height: bottom - top, rx: 6, class: "cut" });
  const [fromX, fromY] = toScreen([500, 500]);
  const way = made("path", { class: "travel", d: `M${fromX},${fromY}L${(left + right) / 2},${(top + bottom) / 2}` });
  const corner = handle([end.x + half, end.y + half], "Camera's frame, size", (to) => setCamera({ zoom: FULL / 2 / Math.max(1, to[0] - end.x, to[1] - end.y) }, "camera"), dropCamera);
  const middle = handle([end.x, end.y], "Camera's frame, place", (to) => setCamera({ x: to[0], y: to[1] }, "camera"), dropCamera);
  return [made("g", { class: "camera" }, frame, way, middle, corner)];
}

function drawOverlay() {
  if (!part) return;
  const { width, height } = size();
  overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
  overlay.replaceChildren(...items("regions").map(drawnRegion), ...drawnCamera(), ...items("arrows").map(drawnArrow), ...items("anchors").map(drawnAnchor));
}

// The stage shows something else: only on the still can anything be said.
document.addEventListener("stillmotion:staged", (event) => {
  part = event.detail.part || null;
  overlay.remove();
  element.classList.toggle("away", event.detail.mode === "empty");
  element.classList.toggle("folded", !part);
  unsketched();
  if (!part) return putDown();
  document.querySelector(".stage").append(overlay);
  drawOverlay();
  trigger("sketch");
});

// What was said, moving: a small clip over the still while nothing is held.
const sketch = Object.assign(new Image(), { alt: "Sketch of the motion", className: "sketch" });
const note = Object.assign(document.createElement("span"), { className: "stage-badge sketched" });
function unsketched() {
  sketch.remove();
  note.remove();
}
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
document.addEventListener("stillmotion:sketched", ({ detail }) => {
  const { found: kinds = [], webp = "" } = read(detail);
  found = kinds;
  drawPanel();
  unsketched();
  if (!webp || !part || isCalm.matches) return;
  sketch.src = webp;
  overlay.before(sketch);
  note.textContent = "Sketch";
  overlay.before(note);
});
new ResizeObserver(() => drawOverlay()).observe(overlay);
