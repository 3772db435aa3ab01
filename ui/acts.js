// Buttons inside a list are told to the server. When the list is drawn anew, its elements come to stand for other jobs:
// the focus stays with its job, and ends where that is gone, so that no key acts on another one.
let last = null;

function buttonAt(target) {
  return element.contains(target) ? target.closest("button[data-act]") : null;
}

function told(button) {
  return button && { act: button.dataset.act, job: button.dataset.job };
}

function keepFocus() {
  const held = document.activeElement;
  if (!last || !(held === document.body || element.contains(held))) return;
  if (held.dataset.job === last.job) {
    last = told(held);
    return;
  }
  const same = element.querySelector(`button[data-act="${last.act}"][data-job="${last.job}"]`);
  if (same) same.focus();
  else held.blur();
}

element.addEventListener("click", (event) => {
  const button = buttonAt(event.target);
  if (button) trigger("act", told(button));
});

for (const kind of ["focusin", "pointerdown"]) {
  document.addEventListener(kind, (event) => (last = told(buttonAt(event.target))));
}

new MutationObserver(keepFocus).observe(element, { attributes: true, childList: true, subtree: true });
