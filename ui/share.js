// Links to a clip: copy them, hand them to the device's share sheet, take them back.
const SHEET = typeof navigator.share === "function";

async function said(button, words) {
  const before = button.textContent;
  button.textContent = words;
  setTimeout(() => (button.textContent = before), 1500);
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    said(button, "Copied");
  } catch {
    window.prompt("Copy this:", button.dataset.copy);
  }
}

// The file itself where the device takes files, else the link alone.
async function share(button) {
  const link = button.dataset.link;
  const told = { title: button.dataset.sheet, url: link };
  try {
    const answer = await fetch(`${new URL(link).pathname}/clip.mp4`);
    const file = new File([await answer.blob()], "stillmotion.mp4", { type: "video/mp4" });
    if (navigator.canShare?.({ files: [file] })) told.files = [file];
    await navigator.share(told);
  } catch (error) {
    if (error.name !== "AbortError") said(button, "Could not be shared");
  }
}

function reveal() {
  if (SHEET) element.querySelectorAll("[data-sheet]").forEach((button) => (button.hidden = false));
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.copy) copy(button);
  if (button.dataset.sheet !== undefined) share(button);
  if (button.dataset.revoke) trigger("revoke", { link: button.dataset.revoke });
});

watch("value", () => requestAnimationFrame(reveal));
reveal();
