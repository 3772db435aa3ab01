// Further stills that the clip comes by, named by what their files are; the server keeps the files and draws them small.
const LEAST_APART = 0.05; // of the clip's time
const thumbs = {}; // by the SHA-256 of the file; null where the picture is not here
const unseen = () => items("stills").map(({ of }) => of).find((of) => !(of in thumbs));

const rounded = (t) => Math.round(1000 * t) / 1000;
const before = (index) => items("stills")[index - 1]?.t || 0;
const halfway = (index) => rounded((before(index) + 1) / 2);

// The end of a loop is its first still: what was there comes sooner, and is there again without the loop.
function setLoop(loop) {
  const stills = items("stills");
  const last = stills.length - 1;
  if (last < 0) return change({ ...said, loop });
  const t = loop ? Math.min(stills[last].t, halfway(last)) : 1;
  change({ ...said, loop, stills: stills.with(last, { ...stills[last], t }) });
}

// A new one is the clip's end; the one that was makes room for it.
function addStill(of) {
  const stills = items("stills");
  const last = stills.length - 1;
  if (said.loop) return change({ ...said, stills: [...stills, { of, t: halfway(stills.length) }] });
  const kept = stills[last]?.t === 1 ? stills.with(last, { ...stills[last], t: halfway(last) }) : stills;
  change({ ...said, stills: [...kept, { of, t: 1 }] });
}

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
    if (!answer.ok) {
      const told = await answer.json().catch(() => ({}));
      throw new Error([told.error, told.remedy].filter(Boolean).join(" "));
    }
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
  // one that was missing is chosen again: it takes its old place
  if (isNew && !items("stills").some((each) => each.of === of)) addStill(of);
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
  return row(name, picture, when, remove(name, () => drop("stills", index)));
}

// One at a time, for an answer says which one it is about.
function askForThumb() {
  const of = unseen();
  if (of) trigger("further", { of });
}
