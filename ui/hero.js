// Plays for those who do not mind, and leads to the choice of a picture.
const video = element.querySelector("video");
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) video.play().catch(() => {});
element.addEventListener("click", () => document.querySelector("#upload input[type=file]")?.click());
