"""A soundtrack for a clip from any audio file: as long as the clip, faded in and out.

PyAV reads the file, because it can be told to open nothing else; moviepy, which cannot, shapes what was heard.
"""

from __future__ import annotations

from pathlib import Path

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from media.mp4 import ONLY_THIS_FILE
from media.video import SOUND_RATE, Sound
from pipelines.errors import InputError

FADE_S = 0.5
"""Seconds of fade at each end: short enough for a clip of two seconds, long enough not to click."""

READABLE = ("wav", "ogg", "flac", "mp4", "matroska", "aac", "mp3")
"""FFmpeg's names of what is opened: nothing that points elsewhere, as playlists do.
The last two have no header to be known by, so they come last."""


def soundtrack(path: Path, seconds: float, volume: float = 1.0) -> Sound:
    """The beginning of an audio file, float32 `[n, 2]` in [-1, 1], exactly `seconds` long; silence where it ends.

    Raises `InputError` for a file that is no audio.
    """
    from moviepy.audio.AudioClip import AudioArrayClip
    from moviepy.audio.fx import AudioFadeIn, AudioFadeOut, MultiplyVolume

    samples = round(seconds * SOUND_RATE)
    heard = _read(path, samples)
    fade = min(FADE_S, len(heard) / SOUND_RATE / 2)
    effects = [AudioFadeIn(fade), AudioFadeOut(fade), MultiplyVolume(volume)]
    shaped = AudioArrayClip(heard, fps=SOUND_RATE).with_effects(effects).to_soundarray(fps=SOUND_RATE)
    whole = np.zeros((samples, 2), np.float32)
    whole[: len(shaped)] = shaped[:samples]
    return whole.clip(-1, 1)


def _read(path: Path, samples: int) -> Sound:
    """Up to that many stereo samples from the start of a file, `[n, 2]`."""
    blocks: list[Sound] = []
    for kind in READABLE:
        try:
            with av.open(str(path.absolute()), format=kind, options=ONLY_THIS_FILE) as container:
                resampler = AudioResampler("flt", "stereo", SOUND_RATE)
                for frame in container.decode(audio=0):
                    blocks += [
                        np.asarray(each.to_ndarray(), np.float32).reshape(-1, 2) for each in resampler.resample(frame)
                    ]
                    if sum(map(len, blocks)) >= samples:
                        break
        except (av.error.FFmpegError, OSError, ValueError, IndexError):
            blocks = []
        if blocks:
            return np.concatenate(blocks)[:samples]
    raise InputError(f"“{path.name}” cannot be read as audio.", "Use an MP3, WAV, OGG, FLAC or M4A file.")


def _stereo(frame: AudioFrame) -> Sound:
    return np.asarray(frame.to_ndarray(), np.float32).reshape(-1, 2)
