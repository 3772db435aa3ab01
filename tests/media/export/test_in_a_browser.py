"""A real Chromium plays what comes out."""

import base64
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from media.export.formats import FORMATS
from tests.media.export.test_export import exported

PLAYED = """async ([type, data]) => {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, loop: true, src: `data:${type};base64,${data}` });
  document.body.append(video);
  await video.play();
  await new Promise((done) => { video.ontimeupdate = () => video.currentTime > 0.2 && done(); });
  return [video.videoWidth, video.videoHeight, video.readyState, video.duration];
}"""

COUNTED = """async ([type, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const decoder = new ImageDecoder({ data: bytes, type });
  await decoder.tracks.ready;
  await decoder.completed;
  const { image } = await decoder.decode({ frameIndex: decoder.tracks.selectedTrack.frameCount - 1 });
  return [image.displayWidth, image.displayHeight, decoder.tracks.selectedTrack.frameCount];
}"""


class Silent(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Of a server of an empty page: decoders of pictures exist in secure contexts only, and localhost is one."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text("<!doctype html><title>Empty</title>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


@pytest.fixture
def blank(browser: Browser, address):
    page = browser.new_page()
    page.goto(address)
    yield page
    page.close()


def content(path):
    return base64.b64encode(path.read_bytes()).decode()


@pytest.mark.parametrize("name", ["mp4", "webm", "av1"])
def test_chromium_plays_the_video(blank, tmp_path, name):
    path = exported(tmp_path, name, 14, size=(97, 65))
    width, height, ready, seconds = blank.evaluate(PLAYED, [FORMATS[name].media_type, content(path)])
    assert (width, height) == (98, 66)
    assert ready >= 3
    assert seconds == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("name", ["gif", "webp", "apng"])
def test_chromium_finds_every_frame_of_the_picture(blank, tmp_path, name):
    path = exported(tmp_path, name, 14)
    assert blank.evaluate(COUNTED, [FORMATS[name].media_type, content(path)]) == [128, 72, 14]
