"""An MP4 as it is: copied, or without what it carries beside its frames."""

from __future__ import annotations

import shutil
from pathlib import Path

import av

from media.mp4 import open_mp4
from media.video import H264
from media.whole_file import written_whole


def copy_clip(clip: Path, path: Path, keep_recipe: bool) -> None:
    """Copies an MP4 clip; without its recipe, the very same frames are put into a new container.

    Raises `ClipError` where the clip cannot be read or the copy not be written.
    """
    with written_whole(path) as partial:
        if keep_recipe:
            shutil.copyfile(clip, partial)
        else:
            _frames_only(clip, partial)


def _frames_only(clip: Path, path: Path) -> None:
    options = dict(H264.container_options)
    with open_mp4(clip) as (source, stream), av.open(str(path), "w", format="mp4", options=options) as target:
        copied = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                target.mux(packet)
