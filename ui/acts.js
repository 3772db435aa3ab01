// Buttons inside a list are told to the server. The list is drawn anew meanwhile: the focus stays on its button.
let last = null;

function name(button) {
  return `button[data-act="${button.dataset.act}"][data-job="${button.dataset.job}"]`;
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) trigger("act", { act: button.dataset.act, job: button.dataset.job });
});

element.addEventListener("focusin", (event) => (last = event.target.closest("button[data-act]")));
document.addEventListener("focusin", (event) => {
  if (!element.contains(event.target)) last = null;
});

new MutationObserver(() => {
  if (last && !last.isConnected && document.activeElement === document.body) element.querySelector(name(last))?.focus();
}).observe(element, { childList: true, subtree: true });
