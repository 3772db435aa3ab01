// What was said, as `pipelines/direction.py` has it: every change is one step that can be taken back.
const FULL = 1000;
const MOST_STEPS = 100;
let said = {};
let past = [];
let future = [];

const read = (text) => {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return {};
  }
};

// What says nothing is left out, so that nothing said is the empty text.
function text(direction) {
  const told = Object.entries(direction).filter(([, value]) => value && Object.keys(value === true ? { is: 1 } : value).length);
  return told.length ? JSON.stringify(Object.fromEntries(told)) : "";
}

function tell() {
  unsketched();
  props.value = text(said);
  trigger("said");
  trigger("sketch");
  draw();
}

// One gesture. `joined` with the one before where both move the same control.
let lastJoined = "";
function change(next, joined = "") {
  if (!joined || joined !== lastJoined) past = [...past.slice(1 - MOST_STEPS), said];
  lastJoined = joined;
  future = [];
  said = next;
  tell();
}

function step(from, to) {
  if (!from.length) return;
  to.push(said);
  said = from.pop();
  lastJoined = "";
  tell();
}

const undo = () => step(past, future);
const redo = () => step(future, past);

const items = (name) => said[name] || [];
const add = (name, item) => change({ ...said, [name]: [...items(name), item] });
const put = (name, index, item, joined) => change({ ...said, [name]: items(name).map((each, i) => (i === index ? item : each)) }, joined);
const drop = (name, index) => change({ ...said, [name]: items(name).filter((_, i) => i !== index) });

const keys = () => said.camera?.keys || [];
const END = { t: 1, x: 500, y: 500, zoom: 1.25 };
const cameraEnd = () => ({ ...END, ...keys().at(-1) });
const setCamera = (end, joined) => change({ ...said, camera: { ...said.camera, keys: [...(keys().length ? keys().slice(0, -1) : [{ t: 0 }]), within({ ...cameraEnd(), ...end })] } }, joined);
function dropCamera() {
  const { keys: _, ...rest } = said.camera || {};
  change({ ...said, camera: rest });
}

// The frame that is cut lies inside the picture.
function within(key) {
  const zoom = Math.min(4, Math.max(1, key.zoom));
  const half = FULL / zoom / 2;
  const inside = (value) => Math.round(Math.min(FULL - half, Math.max(half, value)));
  return { ...key, zoom: Math.round(zoom * 100) / 100, x: inside(key.x), y: inside(key.y) };
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const letter = (index) => LETTERS[index % 26] + (index >= 26 ? Math.floor(index / 26) : "");
const WAYS = ["to the right", "down to the right", "down", "down to the left", "to the left", "up to the left", "up", "up to the right"];
const wayOf = (degrees) => WAYS[((Math.round(degrees / 45) % 8) + 8) % 8];
