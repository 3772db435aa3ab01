// A sheet of takes: small clips of other seeds and amounts that play together; a click takes their settings.
const AMOUNTS = [64, 127, 200]; // columns of the sheet: calm, usual, lively
const SEEDS = 4; // its rows
let takes = [];
let wanted = []; // takes that are still to be drawn, one after the other

function vary() {
  const seeds = Array.from({ length: SEEDS }, () => crypto.getRandomValues(new Uint32Array(1))[0]);
  const isStop = wanted.length > 0;
  wanted = isStop ? [] : seeds.flatMap((seed) => AMOUNTS.map((amount) => ({ seed, amount })));
  if (!isStop) takes = [];
  drawNext();
}

function drawNext() {
  if (wanted.length) trigger("vary", wanted[0]);
  drawPanel();
}

document.addEventListener("stillmotion:varied", ({ detail }) => {
  const take = read(detail);
  if (take.problem) {
    wanted = [];
    stillmotion.tell(take.problem);
  } else if (wanted.length && take.seed === wanted[0].seed && take.amount === wanted[0].amount) {
    takes = [...takes, take];
    wanted = wanted.slice(1);
    if (!wanted.length) stillmotion.announce(`${takes.length} variations are ready.`);
  }
  drawNext();
});

function pick(take) {
  takes = [];
  wanted = [];
  trigger("pick", { seed: take.seed, amount: take.amount });
  drawPanel();
  document.querySelector("#animate")?.focus();
}

function tile(take) {
  const label = `Amount ${take.amount}, seed ${take.seed}`;
  const words = html("span", {}, `${take.amount} · ${take.motion} %/s`);
  const button = html("button", { type: "button", className: "take", title: label, onclick: () => pick(take) }, Object.assign(new Image(), { src: take.webp, alt: "" }), words);
  return named(button, label);
}

function sheet() {
  if (!takes.length && !wanted.length) return [];
  const grid = html("div", { className: "sheet" }, ...takes.map(tile));
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", "Variations");
  return [html("p", { className: "hint" }, wanted.length ? `Drawing variations … ${takes.length} of ${AMOUNTS.length * SEEDS}` : "Choose one: Animate makes it whole."), grid];
}
