// When a clip was made, in the time and the words of whoever looks.
const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function tellTimes() {
  for (const time of element.querySelectorAll("time")) {
    const words = WHEN.format(new Date(time.dateTime));
    if (time.textContent !== words) time.textContent = words;
  }
}

watch("value", () => requestAnimationFrame(tellTimes));
tellTimes();
