// Enter starts, Escape stops, Space plays, unless somebody is typing or on a control that has its own use for the key.
{
  const press = (id) => document.querySelector(`#${id}:not([disabled])`)?.click();
  // a menu, a full-screen clip or a box of text: what Escape closes before it stops a run
  const isOpen = () => document.querySelector("[role=listbox], ul.options, dialog[open]") || document.fullscreenElement;

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || isOpen() || event.target.matches("input:not([type=range]), textarea")) return;
    press("stop");
    // before the page's own controls hear of the key, and close what is open
  }, true);

  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest("input, textarea, button, a, select, video, summary, [role=option], [contenteditable]");
    if (busy && !(event.key === "Enter" && event.target.matches("input[type=range]"))) return;
    if (event.key === "Enter") press("animate");
    const video = document.querySelector("#stage video");
    if (event.key === " " && video) {
      event.preventDefault();
      video.paused ? video.play() : video.pause();
    }
  });
}
