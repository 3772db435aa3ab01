// Cards of finished clips: they play while the pointer or the focus is on them.
function play(card) {
  const frame = card.querySelector(".clip-frame");
  if (!frame || frame.querySelector("video")) return;
  const video = document.createElement("video");
  Object.assign(video, { src: frame.dataset.clip, loop: true, muted: true, autoplay: true, playsInline: true });
  frame.append(video);
}

function rest(card) {
  card.querySelector(".clip-frame video")?.remove();
}

for (const [begin, end] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
  element.addEventListener(begin, (event) => {
    const card = event.target.closest(".clip-card");
    if (card) play(card);
  });
  element.addEventListener(end, (event) => {
    const card = event.target.closest(".clip-card");
    if (card && !card.contains(event.relatedTarget)) rest(card);
  });
}
