// Shows the value of the stage: { mode: "empty" | "frame" | "pending" | "preview" | "clip", ... }, see ui/still.py and ui/stage.py.
const stage = element.querySelector(".stage");
const NUDGE = 0.04; // of the way the crop can move, for each press of an arrow key
let shown = null;

function picture(src, alt) {
  const image = document.createElement("img");
  image.src = src;
  image.alt = alt;
  image.draggable = false;
  return image;
}

function show(...children) {
  stage.replaceChildren(...children);
}

function badge(text) {
  const note = document.createElement("span");
  note.className = "stage-badge";
  note.textContent = text;
  return note;
}

function showFrame(value) {
  const frame = picture(value.frame, "The frame that the model will see");
  if (!value.whole) return show(frame);
  const whole = picture(value.whole, "");
  whole.className = "whole";
  show(frame, whole, badge("Drag to move the crop"));
  stage.classList.add("movable");
  // a swipe in the other direction scrolls the page
  whole.onload = () => stage.classList.add(slack(whole).x > 1 ? "sideways" : "upright");
  moveWhole(whole, value.x, value.y);
}

function moveWhole(whole, x, y) {
  whole.style.objectPosition = `${x * 100}% ${y * 100}%`;
}

function showPreview(value) {
  const next = new Image();
  next.alt = "Preview of the clip in the making";
  next.onload = () => {
    if (props.value.src === value.src) show(next, badge("Preview"));
  };
  next.src = value.src;
}

const isStill = matchMedia("(prefers-reduced-motion: reduce)");

function newVideo(value) {
  const video = document.createElement("video");
  const moves = !isStill.matches;
  Object.assign(video, { src: value.src, loop: true, muted: true, autoplay: moves, playsInline: true, controls: true });
  if (value.poster) video.poster = value.poster;
  video.setAttribute("aria-label", "The finished clip");
  video.onerror = () => show(badge("The clip cannot be played here. Download it instead."));
  return video;
}

const FADE = 0.6; // seconds at the clip's end and beginning in which the still covers the jump from one to the other

// The first frame of a clip is its still: it fades in before the end and out after the beginning, so nothing jumps.
function softened(video, source) {
  const still = picture(source, "");
  still.className = "seam";
  let next = 0;
  // once for each frame of the clip, not of the screen: the browser has nothing to draw in between
  const follow = () => {
    const away = Math.min(video.currentTime, video.duration - video.currentTime);
    still.style.opacity = video.paused || !(away < FADE) ? 0 : 1 - away / FADE;
    video.cancelVideoFrameCallback(next);
    // a clip that rests, or is no longer shown, asks for nothing
    if (!video.paused && video.isConnected) next = video.requestVideoFrameCallback(follow);
  };
  for (const change of ["play", "pause"]) video.addEventListener(change, follow);
  return still;
}

function showClip(value) {
  const video = newVideo(value);
  show(...(value.poster ? [video, softened(video, value.poster)] : [video]));
  stillmotion.clip = { file: value.file, name: value.name };
  document.dispatchEvent(new Event("stillmotion:clip"));
  if (stillmotion.hasRun()) {
    stillmotion.announce("Your clip is ready.");
    requestAnimationFrame(() => stage.scrollIntoView({ block: "nearest", behavior: isStill.matches ? "auto" : "smooth" }));
  }
}

const showPending = () => show(badge("This clip is being made"));

const modes = { empty: () => show(), pending: showPending, frame: showFrame, preview: showPreview, clip: showClip };

function render() {
  const value = props.value || { mode: "empty" };
  const key = JSON.stringify(value);
  if (key === shown) return;
  shown = key;
  stage.classList.remove("movable", "sideways", "upright");
  if (value.width) stage.style.setProperty("--ratio", value.width / value.height);
  stage.dataset.mode = value.mode;
  modes[value.mode](value);
  document.dispatchEvent(new CustomEvent("stillmotion:staged", { detail: value }));
}

// How far the crop can move in each direction, in pixels on screen.
function slack(whole) {
  const scale = Math.max(stage.clientWidth / whole.naturalWidth, stage.clientHeight / whole.naturalHeight);
  return {
    x: whole.naturalWidth * scale - stage.clientWidth,
    y: whole.naturalHeight * scale - stage.clientHeight,
  };
}

const within = (share) => Math.min(1, Math.max(0, share));

stage.addEventListener("pointerdown", (start) => {
  const whole = stage.querySelector(".whole");
  if (!whole) return;
  const room = slack(whole);
  let { x, y } = props.value;
  const from = { x, y };
  stage.classList.add("moving");
  stage.setPointerCapture(start.pointerId);
  const move = (event) => {
    if (room.x > 1) x = within(from.x - (event.clientX - start.clientX) / room.x);
    if (room.y > 1) y = within(from.y - (event.clientY - start.clientY) / room.y);
    moveWhole(whole, x, y);
  };
  const end = () => {
    stage.removeEventListener("pointermove", move);
    stage.classList.remove("moving");
    if (x !== from.x || y !== from.y) trigger("nudge", { x, y });
  };
  stage.addEventListener("pointermove", move);
  stage.addEventListener("pointerup", end, { once: true });
  stage.addEventListener("pointercancel", end, { once: true });
});

stage.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!steps || !stage.querySelector(".whole")) return;
  event.preventDefault();
  trigger("nudge", { x: within(props.value.x + steps[0] * NUDGE), y: within(props.value.y + steps[1] * NUDGE) });
});

watch("value", render);
render();
