// The camera: ways that are often taken, each with a small moving picture of it, and the way of another clip's camera.
const still = (changes) => ({ x: 500, y: 500, zoom: 1.25, ...changes });
const WAYS_OF_CAMERA = {
  closer: [{}, still({ zoom: 1.4 })],
  farther: [still({ zoom: 1.4 }), still({ zoom: 1 })],
  left: [still({ x: 600 }), still({ x: 400 })],
  right: [still({ x: 400 }), still({ x: 600 })],
  up: [still({ y: 600 }), still({ y: 400 })],
  down: [still({ y: 400 }), still({ y: 600 })],
  around: [still({ zoom: 1.15, orbit: -5 }), still({ zoom: 1.15, orbit: 5 })],
};
const PACES = { smooth: "gently", linear: "evenly" };

const go = (ends) => change({ ...said, camera: { ...said.camera, ease: "smooth", keys: ends.map((end, i) => ({ t: i, ...end })) } });

function cameraWays() {
  if (tool !== "camera") return [];
  const one = (name) => named(html("button", { type: "button", className: "tool way-of-camera", onclick: () => go(WAYS_OF_CAMERA[name]) }, html("i", { className: name }), name), `Camera goes ${name}`);
  const like = chooserButton("As in a clip…", "The way that the camera of an MP4 clip goes, of up to 60 seconds and 60 MB", "video/mp4,video/quicktime,.mp4,.mov", (path) => trigger("like", { path }));
  const group = html("div", { className: "chips" }, ...Object.keys(WAYS_OF_CAMERA).map(one), like);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Ways of the camera");
  return [group];
}

document.addEventListener("stillmotion:followed", ({ detail }) => {
  const { problem, keys: found } = read(detail);
  if (problem) return stillmotion.tell(problem);
  if (!found?.length) return;
  change({ ...said, camera: { ...said.camera, ease: "linear", keys: found } });
  stillmotion.announce("The camera goes as in the clip.");
});

function cameraRow() {
  if (!keys().length) return [];
  const end = cameraEnd();
  const set = (name) => (value) => setCamera({ [name]: value }, `camera ${name}`);
  const fields = [["zoom", [1, 3, 0.01], "closer"], ["roll", [-15, 15, 0.5], "roll"], ["orbit", [-10, 10, 0.5], "around"]];
  const sliders = fields.map(([name, bounds, words]) => html("label", {}, words, range(`Camera: ${words}`, bounds, end[name] ?? 0, set(name))));
  const pace = menu("Camera: pace", PACES, said.camera.ease || "smooth", (ease) => change({ ...said, camera: { ...said.camera, ease } }));
  const count = keys().length > 2 ? [html("span", { className: "quiet" }, `${keys().length} places`)] : [];
  return [row("Camera", pace, ...count, ...sliders, remove("the camera's path", dropCamera))];
}
