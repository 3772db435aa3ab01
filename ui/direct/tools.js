// The tools: what a drag or a tap on the picture means while one of them is chosen.
let tool = "";
const HINTS = {
  arrow: "Drag on what flows: it streams along the arrow.",
  part: "Draw around a part, or tap a thing; then say below what it does.",
  pin: "Tap what has to keep still.",
  camera: "Drag the frame to where the camera ends; its corner brings it closer.",
};
const LEAST_DRAG = 12; // pixels: less is a tap

function choose(name) {
  tool = tool === name ? "" : name;
  overlay.classList.toggle("active", Boolean(tool));
  overlay.dataset.tool = tool;
  if (tool && !part) trigger("show");
  if (tool === "part") trigger("aim");
  drawPanel();
}

const putDown = () => tool && choose(tool);

// With the keyboard, a tool puts what it makes into the middle: from there it is moved.
const BY_KEYS = {
  arrow: () => add("arrows", { path: [[400, 600], [600, 600]] }),
  part: () => add("regions", { outlines: [[[400, 400], [600, 400], [600, 600], [400, 600]]], do: "still" }),
  pin: () => add("anchors", [500, 500]),
  camera: () => setCamera({}),
};

function pressed(name, event) {
  const byKeys = event.detail === 0;
  if (byKeys && !part) return choose(name);
  if (byKeys) {
    BY_KEYS[name]();
    const made = { arrow: "Arrow", part: "Part", pin: "Still place", camera: "Camera" }[name];
    [...overlay.querySelectorAll(`[aria-label^="${made}"]`)].at(-1)?.focus();
    return;
  }
  if (name === "camera" && !keys().length && tool !== name) setCamera({});
  choose(name);
}

overlay.addEventListener("pointerdown", (start) => {
  if (!tool || !part || isHeld || !start.isPrimary) return;
  const path = [toStill(start)];
  const trail = made("path", { class: `trail ${tool}` });
  overlay.append(trail);
  const go = (event) => {
    const coalesced = event.getCoalescedEvents?.() || [];
    (coalesced.length ? coalesced : [event]).forEach((each) => path.push(toStill(each)));
    trail.setAttribute("d", line(path, tool === "part"));
  };
  follow(start, overlay, go, (end) => {
    trail.remove();
    const dragged = Math.hypot(end.clientX - start.clientX, end.clientY - start.clientY);
    const length = path.reduce((sum, place, i) => sum + (i ? Math.hypot(place[0] - path[i - 1][0], place[1] - path[i - 1][1]) : 0), 0);
    finished(path, dragged >= LEAST_DRAG || length > 40);
  });
});

function finished(path, isDrag) {
  if (tool === "arrow" && isDrag && path[0].join() !== path.at(-1).join()) {
    add("arrows", { path: simplified(path, 4) });
    stillmotion.announce(`Arrow ${letter(items("arrows").length - 1)}: ${wayOf(degreesOf(path))}`);
  } else if (tool === "part" && isDrag && simplified(path, 3).length > 2) {
    add("regions", { outlines: [simplified(path, 3)], do: "still" });
  } else if (tool === "part" && !isDrag) {
    tapped(path[0]);
  } else if (tool === "pin") add("anchors", path.at(-1));
  else if (tool === "camera") setCamera({ x: path.at(-1)[0], y: path.at(-1)[1] });
}

// A tap asks what is there; one more at the same place asks for the next larger thing.
let taps = [];
let tappedIndex = null;
const NEAR = 25; // thousandths: two taps so near are at the same place

function tapped(place) {
  const again = taps.length && tappedIndex !== null && Math.hypot(place[0] - taps[0][0], place[1] - taps[0][1]) < NEAR;
  if (!again) tappedIndex = null;
  taps = again ? [...taps, taps[0]] : [place];
  overlay.append(made("circle", { class: "asking", cx: toScreen(place)[0], cy: toScreen(place)[1], r: 14 }));
  trigger("tap", { taps });
}

document.addEventListener("stillmotion:outlined", ({ detail }) => {
  drawOverlay();
  const found = read(detail);
  if (found.problem) return stillmotion.tell(found.problem);
  if (!found.polygons?.length) return;
  const kept = items("regions")[tappedIndex];
  if (kept) put("regions", tappedIndex, { ...kept, outlines: found.polygons });
  else {
    add("regions", { outlines: found.polygons, do: "still" });
    tappedIndex = items("regions").length - 1;
  }
  stillmotion.announce(`Part ${letter(tappedIndex)}: ${Math.round(found.share * 100)} percent of the picture. Tap again for more.`);
});

// With fewer places, none of those left out farther away than so many thousandths (Douglas and Peucker 1973).
function simplified(path, tolerance) {
  if (path.length < 3) return path;
  const [a, b] = [path[0], path.at(-1)];
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  let [farthest, index] = [0, 0];
  path.forEach(([x, y], i) => {
    const away = length ? Math.abs((b[0] - a[0]) * (a[1] - y) - (a[0] - x) * (b[1] - a[1])) / length : Math.hypot(x - a[0], y - a[1]);
    if (away > farthest) [farthest, index] = [away, i];
  });
  if (farthest <= tolerance) return [a, b];
  return [...simplified(path.slice(0, index + 1), tolerance).slice(0, -1), ...simplified(path.slice(index), tolerance)];
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
  if (typing || !element.isConnected || element.offsetParent === null) return;
  if (isUndo) {
    event.preventDefault();
    (event.shiftKey ? redo : undo)();
  } else if (event.key === "Escape" && tool) {
    event.stopImmediatePropagation();
    choose(tool);
  }
}, true);
