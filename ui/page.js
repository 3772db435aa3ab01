() => {
  const dark = () => document.body.classList.contains("dark");
  const remembered = localStorage.getItem("stillmotion-theme");
  if (remembered) document.body.classList.toggle("dark", remembered === "dark");
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#theme-toggle")) return;
    document.body.classList.toggle("dark");
    localStorage.setItem("stillmotion-theme", dark() ? "dark" : "light");
  });
  const press = (id) => document.querySelector(`#${id}:not([disabled])`)?.click();
  // Enter starts, Escape stops, Space plays, unless somebody is typing or on a control that has its own use for the key.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return press("stop");
    const busy = event.target.closest("input, textarea, button, a, select, video, [role=option], [contenteditable]");
    if (busy && !(event.key === "Enter" && event.target.matches("input[type=range]"))) return;
    if (event.key === "Enter") press("animate");
    const video = document.querySelector("#stage video");
    if (event.key === " " && video) {
      event.preventDefault();
      video.paused ? video.play() : video.pause();
    }
  });
}
