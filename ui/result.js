// Send and Download give what is on the stage: the clip as it was made, or as it was finished and shown.
function follow() {
  const clip = stillmotion.clip;
  const link = element.querySelector(".download");
  if (!link || !clip) return;
  link.href = clip.file;
  link.download = clip.name;
  element.querySelector(".send").hidden = !stillmotion.canSend();
}

element.addEventListener("click", (event) => {
  const button = event.target.closest(".send");
  if (button) stillmotion.send(button, stillmotion.clip.file, stillmotion.clip.name);
});

document.addEventListener("stillmotion:clip", follow);
watch("value", () => requestAnimationFrame(follow));
follow();
