// Further stills that the clip comes by, named by what their files are; the server keeps the files and draws them small.
const LEAST_APART = 0.05; // of the clip's time
const thumbs = {}; // by the SHA-256 of the file; null where the picture is not here
const unseen = () => items("stills").map(({ of }) => of).find((of) => !(of in thumbs));

// Evenly on the way, the last one at the end, where the first one is in a loop.
const evenly = (stills, loops) => stills.map((still, i) => ({ ...still, t: Math.round((1000 * (i + 1)) / (stills.length + (loops ? 1 : 0))) / 1000 }));
const setLoop = (loop) => change({ ...said, loop, ...(items("stills").length ? { stills: evenly(items("stills"), loop) } : {}) });
const setStills = (stills) => change({ ...said, stills: evenly(stills, said.loop) });

const furtherButton = () => chooserButton("Ends with…", "Another picture that the clip ends with, or comes by", "image/*", (path) => trigger("further", { path }), icon("further"));

// A button that hands a file in; `taken` is told where it lies.
function chooserButton(words, title, accept, taken, ...before) {
  const chooser = html("input", { type: "file", accept, hidden: true, onchange: () => handIn(chooser.files[0], taken) });
  return html("span", {}, chooser, html("button", { type: "button", className: "tool", title, onclick: () => chooser.click() }, ...before, words));
}

async function handIn(file, taken) {
  if (!file) return;
  const form = new FormData();
  form.append("files", file);
  try {
    const answer = await fetch("gradio_api/upload", { method: "POST", body: form });
    if (!answer.ok) throw new Error((await answer.json()).error || "");
    taken((await answer.json())[0]);
  } catch (error) {
    stillmotion.tell(error.message || "This file could not be sent. Try it again.");
  }
}

// What was chosen, or one of a clip that was opened again.
document.addEventListener("stillmotion:pictured", ({ detail }) => {
  const { problem, of, thumb, isNew } = read(detail);
  if (problem) stillmotion.tell(problem);
  if (!of) return;
  thumbs[of] = thumb || null;
  if (isNew) setStills([...items("stills"), { of }]);
  else drawPanel();
  askForThumb();
});

function stillRow(still, index) {
  const all = items("stills");
  const isLast = still.t === 1;
  const name = isLast ? "Ends with" : `Comes by ${letter(index)}`;
  const picture = thumbs[still.of] ? Object.assign(new Image(), { src: thumbs[still.of], alt: "", className: "thumb" }) : html("span", { className: "quiet" }, still.of in thumbs ? "not here: choose it again" : "");
  const bounds = [(all[index - 1]?.t || 0) + LEAST_APART, (all[index + 1]?.t ?? (said.loop ? 1 : 1 + LEAST_APART)) - LEAST_APART];
  const set = (t) => put("stills", index, { ...still, t: Math.min(bounds[1], Math.max(bounds[0], t)) }, `still ${index}`);
  const when = range(`${name}: when`, [LEAST_APART, 1, 0.01], still.t, set);
  return row(name, picture, when, remove(name, () => setStills(all.filter((_, i) => i !== index))));
}

// One at a time, for an answer says which one it is about.
function askForThumb() {
  const of = unseen();
  if (of) trigger("further", { of });
}
