"""A soundtrack for a clip from any audio file: as long as the clip, faded in and out.

PyAV reads the file, because it can be told to open nothing else; moviepy, which cannot, shapes what was heard.
"""

from __future__ import annotations

from pathlib import Path

import av
import av.error
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer

from media.mp4 import ONLY_THIS_FILE
from media.video import SOUND_RATE, Sound
from pipelines.errors import InputError

LONGEST_S = 600
"""Seconds; each takes 400 kB of memory, and several times that while it is shaped."""

FADE_S = 0.5
"""Seconds of fade at each end: short enough for a clip of two seconds, long enough not to click."""

READABLE = ("wav", "ogg", "flac", "mp4", "matroska", "aac", "mp3")
"""FFmpeg's names of what is opened: nothing that points elsewhere, as playlists do.
The last two have no header to be known by, so they come last."""


def soundtrack(path: Path, seconds: float, volume: float = 1.0) -> Sound:
    """The beginning of an audio file, float32 `[n, 2]` in [-1, 1], exactly `seconds` long; silence where it ends.

    Raises `InputError` for a file that is no audio, and for a clip that is too long.
    """
    from moviepy.audio.AudioClip import AudioArrayClip
    from moviepy.audio.fx import AudioFadeIn, AudioFadeOut, MultiplyVolume

    if seconds > LONGEST_S:
        raise InputError(
            f"A clip of {seconds:.0f} s is too long for a soundtrack.",
            f"Choose a higher speed or fewer frames: {LONGEST_S} s at most.",
        )
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
    for kind in READABLE:
        try:
            with av.open(str(path.absolute()), format=kind, options=ONLY_THIS_FILE) as container:
                heard = _heard(container, samples)
        except (av.error.FFmpegError, OSError, ValueError, IndexError):
            continue
        if len(heard):
            return heard
    raise InputError(f"“{path.name}” cannot be read as audio.", "Use an MP3, WAV, OGG, FLAC or M4A file.")


def _heard(container: InputContainer, samples: int) -> Sound:
    """However small the blocks of a file are, each is touched once."""
    heard, count = np.empty((samples, 2), np.float32), 0
    resampler = AudioResampler("flt", "stereo", SOUND_RATE)
    for frame in container.decode(audio=0):
        for each in resampler.resample(frame):
            block = np.asarray(each.to_ndarray(), np.float32).reshape(-1, 2)[: samples - count]
            heard[count : count + len(block)] = block
            count += len(block)
        if count >= samples:
            break
    return heard[:count]
