"""Small pieces of HTML: what a run costs, how far it is, what came out, what went wrong."""

from __future__ import annotations

from html import escape

from jobs.job import Job
from pipelines.enhance.helpers import Helper
from pipelines.models.catalogue import location
from pipelines.models.fit import Fit
from pipelines.models.spec import ModelSpec
from pipelines.request import MotionRequest, control_schemas

STAGE_WORDS = {
    "": "starting",
    "load": "loading the model",
    "encode": "looking at the picture",
    "sampling": "drawing the motion",
    "decode": "making the frames",
    "enhance": "making it smoother or larger",
}

GB, MB = 1e9, 1e6


def summary(request: MotionRequest, fit: Fit, seconds: float | None) -> str:
    """What the clip will be, and what it will cost on this machine."""
    time = f"about {duration(seconds)} on this machine" if seconds is not None else "first run: time not known yet"
    # memory is nobody's business while there is enough of it
    warning = "" if fit.ok else f'<span class="warn">{escape(fit.sentence)}</span>'
    return (
        f'<div class="summary"><strong>{request.seconds:.1f} s · {escape(time)}</strong>'
        f"<span>{shape(request)}</span>{warning}</div>"
    )


def shape(request: MotionRequest) -> str:
    """Size and length of the clip that is asked for: "1024x576 · 25 frames"."""
    return f"{request.clip_width}x{request.clip_height} · {request.clip_frames} frames"


def duration(seconds: float) -> str:
    """A length of time as people say it: "4 s", "3 min", "2 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def progress(job: Job) -> str:
    """How far a job is: a bar and one line of words; nothing once it is done."""
    if job.state == "done":
        return note(job.note)
    if job.state == "failed":
        return problem(job.sentence)
    if job.state == "cancelled":
        return '<div class="progress" role="status"><p>Stopped. No clip was made.</p></div>'
    # no live region: quarters and the end are announced, see hearing.js
    return f'<div class="progress"><p>{progress_words(job)}</p>{progress_bar(job)}{note(job.note)}</div>'


def note(sentence: str) -> str:
    """What a run had to do differently, or nothing."""
    return f'<p class="note">{escape(sentence)}</p>' if sentence else ""


def progress_words(job: Job) -> str:
    """Where a job under way is, in one line."""
    if job.state == "queued":
        place = f"Waiting: number {job.position or 1} in the queue"
        return place if job.remaining_s is None else f"{place} · done in about {duration(job.remaining_s)}"
    parts = [STAGE_WORDS.get(job.stage, job.stage)]
    if job.stage in {"sampling", "decode", "enhance"}:
        unit = "Step" if job.stage == "sampling" else "Frame"
        parts.insert(0, f"{unit} {job.step} of {job.total}")
    if job.remaining_s:
        parts.append(f"{duration(job.remaining_s)} left")
    return escape(" · ".join(parts)).capitalize()


def progress_bar(job: Job) -> str:
    """How much of a job is done, as a bar."""
    return bar(round(100 * job.share), "Progress")


def bar(percent: int, label: str) -> str:
    """How much of anything is done, as a bar that is read aloud as `label`."""
    return (
        f'<div class="bar" role="progressbar" aria-valuenow="{percent}" aria-valuemin="0" aria-valuemax="100"'
        f' aria-label="{label}"><i style="width:{percent}%"></i></div>'
    )


def result(job: Job) -> str:
    """What came out: first what one does with it, then, folded, how it was made. Its links follow the stage."""
    facts, request = job.facts, job.request
    words = f"{facts['width']}x{facts['height']} · {facts['num_frames']} frames · {facts['fps']:g} fps"
    return (
        '<div class="result"><button type="button" class="send" hidden>Send</button>'
        f'<a class="download" href="clips/{job.id}" download>Download</a>'
        f"<details><summary>How it was made</summary><p>{words} · made in {duration(job.seconds)}"
        f' · <span class="seed">seed <code>{request.seed}</code></span></p></details></div>'
    )


def problem(sentence: str) -> str:
    """A failure in plain words."""
    return f'<div class="problem" role="alert">{escape(sentence)}</div>'


def model_line(spec: ModelSpec) -> str:
    """One line about a model, for below the menu."""
    return f'<div class="summary"><span>{escape(spec.note)}</span></div>'


def model_card(spec: ModelSpec, fit: Fit) -> str:
    """What a person should know of a model before using it."""
    where = "on this machine" if location(spec) is not None else "not on this machine"
    gate = "<li>Its licence has to be accepted on its page, with a token in HF_TOKEN.</li>" if spec.gated else ""
    return _model_card(spec, where, f'<li class="{"ok" if fit.ok else "warn"}">{escape(fit.sentence)}</li>{gate}')


def file_size(count: int) -> str:
    """Bytes of a model as people say them: "4.51 GB", "17.0 MB"."""
    return f"{count / GB:.2f} GB" if count >= GB / 10 else f"{count / MB:.1f} MB"


def helper_card(helper: Helper) -> str:
    """What a person should know of a helper, which is there from the beginning."""
    label = control_schemas()[helper.control]["label"]
    return _model_card(helper, "built in", f"<li>Helps every model: “{escape(label)}” under Advanced</li>")


def _model_card(model: ModelSpec | Helper, where: str, more: str) -> str:
    """What is told of models and helpers alike; `more` is further items of the list, as HTML."""
    # of a model whose files are gone, no size is known
    place = f"{file_size(model.size_bytes)}, {where}" if model.size_bytes else where.capitalize()
    licence = escape(model.licence)
    if model.licence_url:
        licence = f'<a href="{escape(model.licence_url)}" target="_blank" rel="noopener">{licence}</a>'
    return (
        f'<div class="model-card"><h2>{escape(model.name)} <code>{escape(model.id)}</code></h2>'
        f"<p>{escape(model.note)}</p><ul><li>Licence: {licence}</li><li>{place}</li>"
        f"{more}</ul></div>"
    )


def download_line(done: int, total: int, sentence: str) -> str:
    """How far a download is, or why it ended."""
    if sentence:
        return problem(sentence)
    if total == 0:
        return ""
    percent = round(100 * done / total)
    return (
        f'<div class="progress" role="status"><p>{done / GB:.2f} of {total / GB:.2f} GB</p>'
        f'<div class="bar"><i style="width:{percent}%"></i></div></div>'
    )
