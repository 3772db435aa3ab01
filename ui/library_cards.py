"""The library as HTML."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from jobs.job import Job
from jobs.names import file_name, words_of
from jobs.wishes import Made
from media.export.limit import size_words
from ui import acts
from ui.acts import Act
from ui.cards import duration, shape

EMPTY = '<p class="quiet">No clips yet. What you animate is kept here.</p>'

NOTHING_FOUND = '<p class="quiet">No clip has all of these words.</p>'


@dataclass(frozen=True)
class Entry:
    """A clip, and the files that were made of it and are kept still."""

    job: Job
    made: Sequence[Made] = ()


def library_cards(entries: Iterable[Entry]) -> str:
    """One card for each clip."""
    return f'<div class="clip-grid">{"".join(map(_card, entries))}</div>'


def _card(entry: Entry) -> str:
    job = entry.job
    title = f'<p class="clip-title">“{escape(job.title)}”</p>' if job.title else ""
    return (
        f'<article class="clip-card" data-job="{job.id}" aria-label="{escape(job.name)}">'
        f'<div class="clip-frame" data-clip="jobs/{job.id}/clip.mp4">'
        f'<img src="jobs/{job.id}/poster.jpg" alt="First frame of the clip" loading="lazy"></div>'
        f'<p class="clip-name">{escape(job.name)}</p>{title}<p>{_when(job.created)}</p>{_how(job)}{_files(entry)}'
        f"{acts.buttons(job.id, _acts(job), _download(job))}</article>"
    )


def _when(created: float) -> str:
    """In universal time, until the page's script says it in that of whoever looks."""
    moment = dt.datetime.fromtimestamp(created, dt.UTC)
    return f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}">{moment:%d %b %Y, %H:%M} UTC</time>'


def _how(job: Job) -> str:
    request = job.request
    what = f"{shape(request)} · {job.facts.get('fps', 0):g} fps"
    how = f"motion {request.motion_bucket_id} · {request.fps} motion fps · noise {request.noise_aug_strength:g}"
    return (
        f'<details class="clip-how"><summary>Settings</summary><p>{escape(what)}</p><p>{escape(how)}</p>'
        f"<p>seed <code>{request.seed}</code> · {escape(request.model)} · made in {duration(job.seconds)}</p></details>"
    )


def _files(entry: Entry) -> str:
    items = "".join(_file(entry.job, made) for made in entry.made)
    return f'<ul class="clip-files" aria-label="Files made of it">{items}</ul>' if items else ""


def _file(job: Job, made: Made) -> str:
    words = ", ".join([made.kind.label, *words_of(made.finish)])
    name = file_name(job, made.kind.suffix, made.finish)
    return (
        f'<li><a href="clips/{job.id}/made/{made.key}" download="{escape(name)}">{escape(words)} ·'
        f" {size_words(made.size)}</a></li>"
    )


def _download(job: Job) -> str:
    return f'<a href="clips/{job.id}" download="{escape(file_name(job, ".mp4"))}">Download</a>'


def _acts(job: Job) -> list[Act]:
    return [
        Act("open", "Open", "Open in the studio"),
        Act("settings", "Use settings", "Use these settings in the studio"),
        Act("unfavour", "♥", "No favourite any more") if job.favourite else Act("favour", "♡", "Favourite"),
        Act("delete", "Delete", "Delete this clip"),
    ]
