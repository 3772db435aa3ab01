// Each card leads to its clip.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-job]");
  if (button) stillmotion.open(button.dataset.job);
});
