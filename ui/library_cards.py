"""The library as HTML."""

from __future__ import annotations

import time
from collections.abc import Iterable
from html import escape

from jobs.job import Job
from ui import acts
from ui.acts import Act
from ui.cards import duration, shape

EMPTY = '<p class="quiet">No clips yet. What you animate is kept here.</p>'

NOTHING_FOUND = '<p class="quiet">No clip has all of these words.</p>'


def library_cards(found: Iterable[Job]) -> str:
    """One card for each clip."""
    return f'<div class="clip-grid">{"".join(map(_card, found))}</div>'


def _card(job: Job) -> str:
    request = job.request
    made = time.strftime("%d %b %Y, %H:%M", time.localtime(job.created))
    what = f"{shape(request)} · {job.facts.get('fps', 0):g} fps"
    how = f"motion {request.motion_bucket_id} · {request.fps} motion fps · noise {request.noise_aug_strength:g}"
    return (
        f'<article class="clip-card" data-job="{job.id}" aria-label="Clip of {escape(made)}">'
        f'<div class="clip-frame" data-clip="jobs/{job.id}/clip.mp4">'
        f'<img src="jobs/{job.id}/poster.jpg" alt="First frame of the clip" loading="lazy"></div>'
        f"<p><strong>{escape(made)}</strong> · {escape(request.model)} · made in {duration(job.seconds)}</p>"
        f"<p>{escape(what)}</p><p>{escape(how)} · seed <code>{request.seed}</code></p>"
        f"{acts.buttons(job.id, _acts(job))}</article>"
    )


def _acts(job: Job) -> list[Act]:
    return [
        Act("open", "Open", "Open in the studio"),
        Act("settings", "Use settings", "Use these settings in the studio"),
        Act("unfavour", "♥", "No favourite any more") if job.favourite else Act("favour", "♡", "Favourite"),
        Act("delete", "Delete", "Delete this clip"),
    ]
