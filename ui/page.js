() => {
  const dark = () => document.body.classList.contains("dark");
  const remembered = localStorage.getItem("stillmotion-theme");
  if (remembered) document.body.classList.toggle("dark", remembered === "dark");
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#theme-toggle")) return;
    document.body.classList.toggle("dark");
    localStorage.setItem("stillmotion-theme", dark() ? "dark" : "light");
  });
  stillmotion.watchRun();
}
