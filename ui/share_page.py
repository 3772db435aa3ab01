"""The page that a shared link opens: one clip, its title, and nothing else of this machine."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from jobs.job import Job
from jobs.shares import Share

TEMPLATES = Path(__file__).parents[1] / "assets" / "share"

UNTITLED = "A still, set in motion"

SITE = "Stillmotion"

SHOWN_SETTINGS: Mapping[str, str] = {
    "model": "model",
    "motion_bucket_id": "motion",
    "fps": "motion fps",
    "noise_aug_strength": "noise",
    "num_frames": "frames",
    "seed": "seed",
}
"""Controls that a link may show, with a person's word for each."""


@dataclass(frozen=True)
class Shown:
    """A share, its job, and the address of the studio as the visitor sees it, without a slash at the end."""

    share: Share
    job: Job
    root: str

    @property
    def title(self) -> str:
        """The title that its owner gave, or a general one."""
        return self.share.title or UNTITLED

    @property
    def address(self) -> str:
        """The link itself."""
        return f"{self.root}/c/{self.share.id}"


def page(shown: Shown) -> str:
    """The whole page, with the tags by which chats and social sites unfurl it."""
    return _filled("page.html", shown, settings=_settings(shown), tags=_tags(shown))


def player(shown: Shown) -> str:
    """The bare player, for a frame within another site."""
    return _filled("player.html", shown)


def embed_code(shown: Shown, width: int = 0) -> str:
    """What another site puts in to show the clip, at most `width` pixels wide (0: its own width)."""
    wide, high = _size(shown.job, width)
    return (
        f'<iframe src="{escape(shown.address)}/player" width="{wide}" height="{high}" title="{escape(shown.title)}"'
        ' style="border:0" allow="autoplay; fullscreen" loading="lazy"></iframe>'
    )


def oembed(shown: Shown, width: int) -> dict[str, object]:
    """The answer of an oEmbed endpoint (oembed.com, version 1.0)."""
    wide, high = _size(shown.job, width)
    return {
        "version": "1.0",
        "type": "video",
        "provider_name": SITE,
        "title": shown.title,
        "html": embed_code(shown, width),
        "width": wide,
        "height": high,
        "thumbnail_url": f"{shown.address}/poster.jpg",
        "thumbnail_width": shown.job.request.clip_width,
        "thumbnail_height": shown.job.request.clip_height,
    }


def _size(job: Job, most: int) -> tuple[int, int]:
    width, height = job.request.clip_width, job.request.clip_height
    share = min(1.0, most / width) if most > 0 else 1.0
    return round(width * share), round(height * share)


def _tags(shown: Shown) -> str:
    """Open Graph (ogp.me), Twitter's player card, and where the oEmbed answer is."""
    width, height = shown.job.request.clip_width, shown.job.request.clip_height
    clip, poster = f"{shown.address}/clip.mp4", f"{shown.address}/poster.jpg"
    sizes = {"width": str(width), "height": str(height)}
    properties = {
        "og:type": "video.other",
        "og:site_name": SITE,
        "og:title": shown.title,
        "og:url": shown.address,
        "og:image": poster,
        **{f"og:image:{name}": value for name, value in sizes.items()},
        "og:video": clip,
        "og:video:type": "video/mp4",
        **{f"og:video:{name}": value for name, value in sizes.items()},
    }
    names = {
        "twitter:card": "player",
        "twitter:title": shown.title,
        "twitter:image": poster,
        "twitter:player": f"{shown.address}/player",
        **{f"twitter:player:{name}": value for name, value in sizes.items()},
    }
    lines = [f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items()]
    lines += [f'<meta name="{name}" content="{escape(value)}">' for name, value in names.items()]
    found = f"{shown.root}/oembed?url={shown.address}"
    lines.append(f'<link rel="alternate" type="application/json+oembed" href="{escape(found)}">')
    return "\n".join(lines)


def _settings(shown: Shown) -> str:
    if not shown.share.shows_settings:
        return ""
    used = shown.job.request.model_dump()
    told = (f"<dt>{escape(word)}</dt><dd>{escape(str(used[name]))}</dd>" for name, word in SHOWN_SETTINGS.items())
    return f"<dl>{''.join(told)}</dl>"


def _filled(template: str, shown: Shown, **parts: str) -> str:
    plain = {"title": shown.title, "address": shown.address, "root": shown.root}
    request = shown.job.request
    sizes = {"width": str(request.clip_width), "height": str(request.clip_height)}
    escaped = {name: escape(value) for name, value in (plain | sizes).items()}
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return string.Template(text).substitute(escaped | parts)
