"""Single pictures: the first frame as a JPEG, or all as numbered PNG files in a zip with the recipe and the rate."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from media.export.frames import Frames
from media.export.look import WHOLE, Look
from media.preview import poster
from media.recipe import RECIPE_FILE
from media.spec import ClipSpec

RATE_FILE = "frames.json"

PNG_EFFORT = 3
"""Of 9: twice as quick as the default for 5 % more bytes."""


def write_zip(path: Path, frames: Frames, spec: ClipSpec, look: Look = WHOLE) -> None:
    """`0001.png` and so on, uncompressed in the zip because PNG is compressed, `frames.json` and `recipe.json`.

    Whatever the `look`, frames are written as they come; so is the poster's.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number, frame in enumerate(frames, start=1):
            png = BytesIO()
            Image.fromarray(frame).save(png, "PNG", compress_level=PNG_EFFORT)
            archive.writestr(f"{number:04d}.png", png.getvalue())
        facts = {"frames": len(frames), "fps": str(spec.fps), "width": spec.width, "height": spec.height}
        archive.writestr(RATE_FILE, json.dumps(facts))
        if spec.recipe:
            archive.writestr(RECIPE_FILE, spec.recipe)


def write_poster(path: Path, frames: Frames, spec: ClipSpec, look: Look = WHOLE) -> None:
    """The first frame as a JPEG; `spec` is that of one frame."""
    path.write_bytes(poster(np.asarray(frames[0])))
