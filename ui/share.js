// Links to a clip: hand them to the device's share sheet, take them back.
const SHEET = typeof navigator.share === "function";

// The file itself where the device takes files, else the link alone.
function share(button) {
  const link = button.dataset.link;
  stillmotion.send(button, `${new URL(link).pathname}/clip.mp4`, button.dataset.file, { title: button.dataset.sheet, url: link });
}

function reveal() {
  if (SHEET) element.querySelectorAll("[data-sheet]").forEach((button) => (button.hidden = false));
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.sheet !== undefined) share(button);
  if (button.dataset.revoke) trigger("revoke", { link: button.dataset.revoke });
});

watch("value", () => requestAnimationFrame(reveal));
reveal();
