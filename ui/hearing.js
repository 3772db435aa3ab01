// For whoever does not see the page: where the focus is, and what is said of a run.
{
  const QUARTERS = { 25: "A quarter is done.", 50: "Half is done.", 75: "Three quarters are done." };
  let told = 0;
  let hasRun = false;

  // whether a run was seen since this was last asked: what is shown after it has been waited for
  stillmotion.hasRun = () => {
    const answer = hasRun;
    hasRun = false;
    return answer;
  };

  stillmotion.announce = (words) => {
    const place = document.querySelector("#announced");
    place.textContent = "";
    // a change of its own, or the same words twice are not read
    setTimeout(() => (place.textContent = words), 50);
  };

  const TOLD_MS = 8000;

  // what went wrong where nothing of the page has a place for it
  stillmotion.tell = (words) => {
    const note = document.createElement("div");
    note.className = "problem told";
    note.setAttribute("role", "alert");
    note.textContent = words;
    document.body.append(note);
    setTimeout(() => note.remove(), TOLD_MS);
  };

  function tellQuarters(progress) {
    const bar = progress.querySelector("[role=progressbar]");
    if (!bar) {
      told = 0;
      return;
    }
    hasRun = true;
    const quarter = Math.floor(Number(bar.getAttribute("aria-valuenow")) / 25) * 25;
    if (quarter > told && quarter in QUARTERS) stillmotion.announce(QUARTERS[quarter]);
    told = Math.max(told, quarter);
  }

  const DRAWN_MS = 250;

  // A button that cannot be pressed any more loses the focus: it goes to the one that can be pressed now.
  function keepFocus(from, to) {
    let had = false;
    from.addEventListener("focus", () => (had = true));
    from.addEventListener("blur", () => (had = from.disabled));
    new MutationObserver(() => {
      if (!from.disabled || !had) return;
      had = false;
      // what comes with the change, such as the clip, is drawn by then
      setTimeout(() => {
        if ([document.body, from].includes(document.activeElement)) to().focus({ preventScroll: true });
      }, DRAWN_MS);
    }).observe(from, { attributes: true, attributeFilter: ["disabled"] });
  }

  // Gradio's folding boxes do not say whether they are open.
  function tellFolds() {
    for (const fold of document.querySelectorAll("button.label-wrap")) {
      const isOpen = String(fold.classList.contains("open"));
      if (fold.getAttribute("aria-expanded") !== isOpen) fold.setAttribute("aria-expanded", isOpen);
    }
  }

  // The picture of a run stays where it is; whoever brings another one is told so.
  stillmotion.isBusy = () => {
    const busy = document.querySelector("#stop:not([disabled])") !== null;
    if (busy) stillmotion.tell("The clip of this picture is still being made. Wait for it, or press Stop, and choose again.");
    return busy;
  };

  stillmotion.watchRun = () => {
    const [animate, stop, progress] = ["#animate", "#stop", "#progress"].map((id) => document.querySelector(id));
    if (!animate || !stop || !progress) return setTimeout(stillmotion.watchRun, 100);
    document.documentElement.lang = "en";
    tellFolds();
    new MutationObserver(tellFolds).observe(document.body, { childList: true, subtree: true, attributeFilter: ["class"] });
    new MutationObserver(() => tellQuarters(progress)).observe(progress, { childList: true, subtree: true, attributes: true });
    keepFocus(animate, () => stop);
    keepFocus(stop, () => document.querySelector("#stage video") ?? animate);
  };
}
