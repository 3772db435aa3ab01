// Buttons that copy what they stand for.
async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    stillmotion.say(button, "Copied");
  } catch {
    window.prompt("Copy this:", button.dataset.copy);
  }
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (button) copy(button);
});
