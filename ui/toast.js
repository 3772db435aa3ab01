// A toast is said aloud, is in view wherever the page is scrolled to, and goes by itself after as long as it says.
element.setAttribute("role", "status");
let end = null;

function begin() {
  clearTimeout(end);
  const toast = element.querySelector(".toast");
  if (!toast) return;
  end = setTimeout(() => trigger("dismiss", {}), 1000 * toast.dataset.seconds);
  // the button that was pressed is gone: the keyboard goes on here, unless somebody types elsewhere
  const held = document.activeElement;
  if (held === document.body || held.closest("#clips, .toast")) toast.querySelector("button").focus({ preventScroll: true });
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) trigger(button.dataset.does, {});
});

watch("value", () => requestAnimationFrame(begin));
