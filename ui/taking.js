// A picture that is pasted or dropped anywhere on the page is taken like one dropped where it says so.
{
  const input = () => document.querySelector("#upload input[type=file]");
  // some systems do not know the types of what phones take
  const isPicture = (file) => file.type.startsWith("image/") || /\.(heic|heif|avif)$/i.test(file.name);
  const pictureIn = (files) => [...(files ?? [])].find(isPicture);

  function take(file) {
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
  const isOthers = (event) => event.target.closest?.("#upload, [id] [data-testid=file-upload], .upload-container, #sound, #settings-of");

  document.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event) || isOthers(event)) return;
    event.preventDefault();
    const file = pictureIn(event.dataTransfer.files);
    if (file && input()) take(file);
  });
}
