// A picture that is pasted or dropped anywhere on the page is taken like one dropped where it says so.
{
  const input = () => document.querySelector("#upload input[type=file]");
  // some systems do not know the types of what phones take
  const isPicture = (file) => file.type.startsWith("image/") || /\.(heic|heif|avif)$/i.test(file.name);
  const pictureIn = (files) => [...(files ?? [])].find(isPicture);

  function take(file) {
    if (stillmotion.isBusy()) return;
    const given = new DataTransfer();
    given.items.add(file);
    input().files = given.files;
    input().dispatchEvent(new Event("change", { bubbles: true }));
  }

  document.addEventListener("paste", (event) => {
    const file = pictureIn(event.clipboardData?.files);
    if (!file || !input()) return;
    event.preventDefault();
    event.stopPropagation();
    take(file);
  }, true);

  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  // whatever else takes files, such as the soundtrack, keeps its own
  const isOthers = (event) => event.target.closest?.("#sound, #settings-of");

  document.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event) || isOthers(event)) return;
    const file = pictureIn(event.dataTransfer.files);
    // the place for pictures takes them by itself, and has only its own words for anything else
    if (file && event.target.closest?.("#upload")) return;
    event.preventDefault();
    event.stopPropagation();
    if (!file) stillmotion.tell("This is no picture. Drop a JPEG, PNG, WebP, AVIF, HEIC or GIF.");
    else if (input()) take(file);
  }, true);
}
