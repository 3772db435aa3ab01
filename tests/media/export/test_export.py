"""Whatever the format: n frames in, n frames out, at the rate that was asked for, with the recipe inside."""

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from media.export.export import export
from media.export.formats import FORMATS, format_of
from media.export.order import Export, save_as
from media.recipe import read_recipe
from media.spec import ClipSpec
from pipelines.errors import Cancelled, ClipError, InputError
from pipelines.request import MotionRequest, parse_request
from tests.media.clips import moving_frames

VIDEOS = ("mp4", "webm", "av1")
PICTURES = ("gif", "webp", "apng")
SIZES = {"landscape": (128, 72), "portrait": (72, 128), "odd": (97, 65), "odd portrait": (65, 97)}
RATES = (Fraction(5), Fraction(7), Fraction(24000, 1001), Fraction(30))
COUNTS = (1, 2, 14, 25, 60)
MOVING = [name for name, kind in FORMATS.items() if not kind.is_one_frame]
REQUEST = MotionRequest(seed=7, noise_aug_strength=0.1, backdrop="#a0B1c2")
RECIPE = json.dumps({"title": "Otter — 日本", "request": REQUEST.model_dump()}, ensure_ascii=False)


def exported(folder: Path, name: str, count: int, *, size=(128, 72), fps=Fraction(7), recipe=RECIPE) -> Path:
    kind = FORMATS[name]
    frames = moving_frames(count, *size)
    path = folder / f"{name}{kind.suffix}"
    export(path, frames, ClipSpec(*size, count, fps, recipe), kind)
    return path


def ffprobe(path: Path) -> dict:
    """What FFmpeg's own program, built by somebody else, finds in a file."""
    entries = "stream=nb_read_frames,r_frame_rate,avg_frame_rate,width,height,pix_fmt,codec_name"
    asked = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", entries, "-of", "json"]
    found = subprocess.run([*asked, str(path)], capture_output=True, check=True, text=True)
    return json.loads(found.stdout)["streams"][0]


def even(number: int) -> int:
    return number + number % 2


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("fps", RATES, ids=str)
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", VIDEOS)
def test_video_has_every_frame_at_the_exact_rate(tmp_path, name, count, fps, size):
    found = ffprobe(exported(tmp_path, name, count, fps=fps, size=size))
    assert (found["width"], found["height"]) == (even(size[0]), even(size[1]))
    assert int(found["nb_read_frames"]) == count
    assert Fraction(found["avg_frame_rate"]) == fps or count == 1
    assert found["pix_fmt"] == "yuv420p"


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("fps", RATES, ids=str)
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_have_every_frame_and_the_whole_length(tmp_path, name, count, fps, size):
    with Image.open(exported(tmp_path, name, count, fps=fps, size=size)) as picture:
        assert (picture.size, picture.n_frames) == (size, count)
        shown = []
        for index in range(count):
            picture.seek(index)
            picture.load()
            shown.append(picture.info.get("duration", 0))
    if count == 1:
        return  # one picture has no length
    assert sum(shown) / 1000 == pytest.approx(count / fps, abs=FORMATS[name].tick)
    # a coarse clock rounds each frame by itself: none is off by more than a tick
    assert all(abs(each / 1000 - 1 / fps) <= FORMATS[name].tick + 1e-9 for each in shown)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("name", MOVING)
def test_every_shape_keeps_its_size_and_its_picture(tmp_path, name, size):
    path = exported(tmp_path, name, 3, size=size)
    frames = moving_frames(3, *size)
    if name in VIDEOS:
        with av.open(str(path)) as container:
            found = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
        assert found.shape == (3, even(size[1]), even(size[0]), 3)
    elif name in PICTURES:
        with Image.open(path) as picture:
            found = np.stack([_frame(picture, index) for index in range(3)])
        assert found.shape == frames.shape
    else:
        return
    off = np.abs(found[:, : size[1], : size[0]].astype(int) - frames)
    assert off.mean() < (0.001 if name == "apng" else 6)


def _frame(picture: Image.Image, index: int) -> np.ndarray:
    picture.seek(index)
    return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("name", MOVING)
def test_frames_that_are_alike_are_not_merged(tmp_path, name):
    kind = FORMATS[name]
    frames = np.repeat(moving_frames(2, 64, 64), 3, axis=0)
    path = tmp_path / f"clip{kind.suffix}"
    assert export(path, frames, ClipSpec(64, 64, 6, Fraction(7)), kind).num_frames == 6


@pytest.mark.parametrize("name", [name for name, kind in FORMATS.items() if kind.carries_recipe])
def test_the_recipe_comes_back_as_the_same_request(tmp_path, name):
    recipe = read_recipe(exported(tmp_path, name, 2))
    assert parse_request(recipe["request"]) == REQUEST
    assert recipe["title"] == "Otter — 日本"


@pytest.mark.parametrize("name", FORMATS)
def test_stripped_files_carry_no_recipe(tmp_path, name):
    path = exported(tmp_path, name, 2, recipe="")
    with pytest.raises(ClipError, match=r"no Stillmotion recipe|cannot be read"):
        read_recipe(path)


@pytest.mark.parametrize("fps", RATES, ids=str)
@pytest.mark.parametrize("count", COUNTS)
def test_the_zip_says_how_many_frames_it_has_and_how_fast_they_follow(tmp_path, count, fps):
    import zipfile

    with zipfile.ZipFile(exported(tmp_path, "zip", count, fps=fps)) as archive:
        told = json.loads(archive.read("frames.json"))
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == told["frames"] == count
    assert Fraction(told["fps"]) == fps


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_the_poster_is_the_first_frame(tmp_path, size):
    with Image.open(exported(tmp_path, "poster", 5, size=size)) as picture:
        assert (picture.format, picture.size) == ("JPEG", size)
        assert np.abs(np.asarray(picture).astype(int) - moving_frames(1, *size)[0]).mean() < 4


def test_frames_in_the_zip_are_the_very_pixels(tmp_path):
    import zipfile

    path = exported(tmp_path, "zip", 3)
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".png")]
        found = np.stack([np.asarray(Image.open(archive.open(name))) for name in names])
    assert names == ["0001.png", "0002.png", "0003.png"]
    assert np.array_equal(found, moving_frames(3, 128, 72))


def test_the_suffix_chooses_the_format():
    chosen = [format_of(Path(f"clip.{suffix}")).name for suffix in ("mp4", "webm", "GIF", "webp", "png", "jpg", "zip")]
    assert chosen == ["mp4", "webm", "gif", "webp", "apng", "poster", "zip"]
    with pytest.raises(InputError, match=r"cannot be saved as “\.mov”"):
        format_of(Path("clip.mov"))


@pytest.mark.parametrize("name", FORMATS)
def test_a_disk_that_is_full_leaves_nothing(tmp_path, name, monkeypatch):
    kind = FORMATS[name]
    monkeypatch.setattr("media.whole_file.secrets.token_hex", lambda _: "known")
    (tmp_path / f"clip{kind.suffix}.known.partial").symlink_to("/dev/full")
    with pytest.raises(ClipError, match="disk is full"):
        export(tmp_path / f"clip{kind.suffix}", moving_frames(9, 128, 128), ClipSpec(128, 128, 9, Fraction(7)), kind)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_nobody_waits_for_any_longer_is_made_no_further(tmp_path):
    clip = exported(tmp_path, "mp4", 5)

    def told(done: int, total: int) -> None:
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        save_as(clip, tmp_path / "out.gif", Export(FORMATS["gif"]), told)
    assert not (tmp_path / "out.gif").exists()
