// Hands a file to the device's share sheet, where there is one that takes files.
{
  const MP4 = { type: "video/mp4" };

  stillmotion.canSend = () => navigator.canShare?.({ files: [new File(["."], "clip.mp4", MP4)] }) ?? false;

  stillmotion.say = (button, words) => {
    const before = button.textContent;
    button.textContent = words;
    setTimeout(() => (button.textContent = before), 1500);
  };

  stillmotion.send = async (button, address, name, more = {}) => {
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(answer.statusText);
      const file = new File([await answer.blob()], name, MP4);
      const files = navigator.canShare?.({ files: [file] }) ? { files: [file] } : {};
      await navigator.share({ ...files, ...more });
    } catch (error) {
      if (error.name !== "AbortError") stillmotion.say(button, "Could not be sent");
    }
  };
}
