"""The frames of a finished clip, drawn one by one as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import cv2
import numpy as np

from media.export.frames import Frames
from media.finish.between import Between
from media.finish.plan import Finish, Moment, finished_size, moments
from media.finish.title import Title
from pipelines.contract import RGB


class FinishedFrames:
    """Frames uint8 `[H, W, 3]` of a clip after `finish`; raises `RequestError` for a trim that leaves nothing and
    for a title that cannot be drawn."""

    def __init__(self, frames: Frames, finish: Finish) -> None:
        self._frames, self._finish = frames, finish
        self._moments = moments(finish, len(frames))
        height, width = frames[0].shape[:2]
        self.width, self.height = finished_size(finish, width, height)
        self._title = self._titled(finish) if finish.title.strip() else None
        self._pair: tuple[int, Between] | None = None

    def _titled(self, finish: Finish) -> Title:
        return Title(finish.title, (self.width, self.height), finish.title_place, finish.title_size)

    def __len__(self) -> int:
        return len(self._moments)

    def __iter__(self) -> Iterator[RGB]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int, /) -> RGB:
        frame = self._blended(self._moments[index])
        if self._finish.larger > 1:
            size = (self.width, self.height)
            frame = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)
        return self._title.over(frame) if self._title else frame

    def _blended(self, moment: Moment) -> RGB:
        frame = self._at(moment.at)
        if moment.other is None:
            return frame
        mixed = cv2.addWeighted(frame, 1 - moment.share, self._at(moment.other), moment.share, 0)
        return np.asarray(mixed, np.uint8)

    def _at(self, place: Fraction) -> RGB:
        whole = int(place)
        if place == whole:
            return np.asarray(self._frames[whole])
        if self._pair is None or self._pair[0] != whole:
            self._pair = (whole, Between(np.asarray(self._frames[whole]), np.asarray(self._frames[whole + 1])))
        return self._pair[1].at(float(place - whole))
