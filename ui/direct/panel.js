// The toolbar, and the list of what was said: the list is the real editor, the picture a view of it.
const place = element.querySelector(".direct");
const ICONS = {
  arrow: "M3 13C7 5 12 15 20 7M14 6l6 1-2 6",
  part: "M6 5c5-4 14-1 13 5s-6 9-11 7S1 9 6 5Z",
  pin: "M12 3v18M3 12h18M7 7l10 10M17 7 7 17",
  camera: "M3 6h18v12H3zM8 12h8M13 9l3 3-3 3",
  further: "M3 7h9v10H3zM14 5h7v14h-7M17 12h1",
  undo: "M8 5 3 10l5 5M3 10h11a6 6 0 0 1 0 12h-3",
  redo: "m16 5 5 5-5 5M21 10H10a6 6 0 0 0 0 12h3",
};
const TOOLS = { arrow: "Arrow", part: "Part", pin: "Keep still", camera: "Camera" };
const ACTS = { still: "keeps still", auto: "as the picture says", flow: "flows", drift: "drifts", ripple: "ripples", sway: "sways", breathe: "breathes", move: "moves along its arrow" };
const DIRECTIONS = { 0: "to the right", 45: "down right", 90: "down", 135: "down left", 180: "to the left", 225: "up left", 270: "up", 315: "up right" };

function html(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function icon(name) {
  const svg = made("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, made("path", { d: ICONS[name] }));
  return svg;
}

function toolButton(name) {
  const button = html("button", { type: "button", className: "tool", onclick: (event) => pressed(name, event) }, icon(name), TOOLS[name]);
  button.setAttribute("aria-pressed", tool === name);
  return button;
}

function sideButton(name, label, act, isOff) {
  const button = html("button", { type: "button", className: "tool bare", title: label, disabled: isOff, onclick: act }, icon(name));
  button.setAttribute("aria-label", label);
  return button;
}

function switched(name, label, title, set = (is) => change({ ...said, [name]: is })) {
  const box = html("input", { type: "checkbox", checked: Boolean(said[name]), onchange: () => set(box.checked) });
  return html("label", { className: "switch", title }, box, label);
}

function menu(label, choices, value, act) {
  const options = Object.entries(choices).map(([key, words]) => html("option", { value: key, selected: key === String(value) }, words));
  const select = html("select", { onchange: () => act(select.value) }, ...options);
  select.setAttribute("aria-label", label);
  return select;
}

function range(label, [low, high, step], value, act) {
  const slider = html("input", { type: "range", min: low, max: high, step, value, title: label, oninput: () => act(Number(slider.value)) });
  slider.setAttribute("aria-label", label);
  return slider;
}

const remove = (label, act) => named(html("button", { type: "button", className: "remove", onclick: act }, "×"), `Remove ${label}`);
function named(node, label) {
  node.setAttribute("aria-label", label);
  return node;
}

function row(name, ...children) {
  return html("li", {}, html("b", {}, name), ...children);
}

const lengthOf = (path) => path.reduce((sum, at, i) => sum + (i ? Math.hypot(at[0] - path[i - 1][0], at[1] - path[i - 1][1]) : 0), 0) / FULL;
const SECONDS_ACROSS = 2.5; // as the built-in model has it where no speed is said

function arrowRow(arrow, index) {
  const name = `Arrow ${letter(index)}`;
  const set = (changes, joined) => put("arrows", index, { ...items("arrows")[index], ...changes }, joined);
  const kinds = menu(`${name}: what it does`, { flow: "flows", bend: "bends" }, arrow.do || "flow", (kind) => set({ do: kind }));
  const speed = arrow.speed || Math.min(0.3, lengthOf(arrow.path) / SECONDS_ACROSS);
  const pace = range(`${name}: speed`, [0.005, 0.3, 0.005], speed, (speed) => set({ speed }, `speed ${index}`));
  const way = html("span", { className: "quiet" }, part ? wayOf(degreesOf(arrow.path)) : "");
  return row(name, kinds, way, ...((arrow.do || "flow") === "flow" ? [pace] : []), remove(name, () => drop("arrows", index)));
}

function regionRow(region, index) {
  const name = `Part ${letter(index)}`;
  const set = (changes, joined) => put("regions", index, { ...items("regions")[index], ...changes }, joined);
  const does = menu(`${name}: what it does`, ACTS, region.do || "auto", (act) => put("regions", index, doing(items("regions")[index], act)));
  const goes = ["flow", "drift"].includes(region.do);
  const usual = region.do === "flow" ? 90 : 0;
  const way = menu(`${name}: which way`, DIRECTIONS, ((region.toward ?? usual) + 360) % 360, (toward) => set({ toward: Number(toward) }));
  const much = range(`${name}: how much`, [0, 3, 0.1], region.strength ?? 1, (strength) => set({ strength }, `much ${index}`));
  return row(name, does, ...(goes ? [way] : []), ...(["still", "move"].includes(region.do) ? [] : [much]), remove(name, () => drop("regions", index)));
}

// What goes somewhere as a whole has a way: at first a short one to the right.
function doing(region, act) {
  const { path: _, ...rest } = region;
  const [x, y] = middleOf(region.outlines);
  const end = [x + (x < FULL - 150 ? 150 : -150), y];
  return act === "move" ? { ...rest, do: act, path: [[x, y], end] } : { ...rest, do: act };
}

function anchorRow() {
  const count = items("anchors").length;
  if (!count) return [];
  return [row(count === 1 ? "1 still place" : `${count} still places`, remove("all still places", () => change({ ...said, anchors: [] })))];
}

function list() {
  const rows = [...items("arrows").map(arrowRow), ...items("regions").map(regionRow), ...anchorRow(), ...cameraRow(), ...items("stills").map(stillRow)];
  return rows.length ? [html("ul", { className: "said" }, ...rows)] : [];
}

const MOVES = { clouds: "clouds drift", water: "water moves", plants: "leaves sway", living: "it breathes", lights: "lights flicker" };

// What moves by itself, each to be switched off.
function chips() {
  const calm = said.calm || [];
  const known = Object.keys(MOVES).filter((kind) => found.includes(kind) || calm.includes(kind));
  if (!known.length || said.only) return [];
  const one = (kind) => {
    const next = calm.includes(kind) ? calm.filter((each) => each !== kind) : [...calm, kind];
    const button = html("button", { type: "button", className: "chip", onclick: () => change({ ...said, calm: next }) }, MOVES[kind]);
    button.setAttribute("aria-pressed", !calm.includes(kind));
    return button;
  };
  const group = html("div", { className: "chips" }, ...known.map(one));
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "What moves by itself");
  return [group];
}

function varyButton() {
  const button = html("button", { type: "button", className: "tool", onclick: vary }, wanted.length ? "Stop drawing" : "12 variations");
  return button;
}

function drawPanel() {
  const focus = document.activeElement;
  const label = place.contains(focus) ? focus.getAttribute("aria-label") || focus.textContent : "";
  const bar = html("div", { className: "tools" },
    ...Object.keys(TOOLS).map(toolButton), furtherButton(), switched("loop", "Loops", "The clip's end is its beginning", setLoop),
    switched("only", "Only this moves", "Nothing moves but what was said"), html("span", { className: "gap" }), varyButton(),
    sideButton("undo", "Undo", undo, !past.length), sideButton("redo", "Redo", redo, !future.length));
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Say what moves");
  place.replaceChildren(bar, ...chips(), ...sheet(), ...cameraWays(), ...(tool ? [html("p", { className: "hint" }, HINTS[tool])] : []), ...list());
  if (label) [...place.querySelectorAll("button, select, input")].find((each) => (each.getAttribute("aria-label") || each.textContent) === label)?.focus();
}

// A slider that is being dragged stays: drawing the list anew would take it out of the hand.
function draw() {
  drawOverlay();
  if (document.activeElement?.type !== "range" || !place.contains(document.activeElement)) drawPanel();
}
place.addEventListener("change", (event) => event.target.type === "range" && (event.target.blur(), drawPanel()));

watch("value", () => {
  if (props.value === text(said)) return;
  const told = read(props.value);
  if (text(told) === text(said)) return;
  said = told;
  past = [];
  future = [];
  draw();
  askForThumb();
});
said = read(props.value);
draw();
askForThumb();
