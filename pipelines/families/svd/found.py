"""What a folder or file is to Stable Video Diffusion: a whole model, or what stands on one. Knows no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.families.svd import releases
from pipelines.families.svd.addon import AddOn, base_of, is_add_on, recognise
from pipelines.families.svd.folder import XT_1_1, SvdFolder, is_svd, weight_files
from pipelines.families.svd.releases import RELEASES
from pipelines.families.svd.single_file import MARKS, read_header
from pipelines.families.svd.taesd import taesd_in
from pipelines.models.family import Found, Part
from pipelines.models.files import sha256_of
from pipelines.models.spec import ModelSpec

RELEASE_OF_FRAMES = {14: "svd", 25: "svd-xt"}
"""Which release's defaults suit a model that was trained on so many frames."""

TAESD = "taesd"
"""What the file that draws the previews is known by."""


@dataclass(frozen=True)
class Whole:
    """A whole model; see `pipelines.models.family.Found`."""

    folder: SvdFolder

    @property
    def path(self) -> Path:
        """The folder or file."""
        return self.folder.path

    @property
    def named(self) -> str | None:
        """The id of the release whose very weights these are. Reads them, once, where their sizes fit."""
        files = weight_files(self.folder)
        if not files or any(file.stat().st_size not in releases.RELEASED_SIZES for file in files):
            return None
        ids = frozenset.intersection(*(releases.RELEASED.get(sha256_of(file), frozenset()) for file in files))
        return next(iter(ids)) if len(ids) == 1 else None

    def described(self, here: Sequence[ModelSpec]) -> ModelSpec:
        """The defaults of the release with as many frames, or XT's with the frames it was trained on.

        Whose weights they are, and under which licence, nothing in them tells: only a release's own have its licence.
        """
        release = next((spec for spec in RELEASES if spec.id == release_of(self.folder)), RELEASES[0])
        own = {} if self.named is not None else {"licence": "not known", "licence_url": ""}
        return release.of_a_person(
            self.path,
            defaults={**release.defaults, "num_frames": self.folder.num_frames},
            max_frames=self.folder.num_frames,
            note=f"Added from {self.path.name}.",
            is_distilled=is_distilled(self.path),
            **own,
        )


@dataclass(frozen=True)
class OnARelease:
    """A file that stands on a release, whose rules it keeps; see `pipelines.models.family.Found`."""

    add_on: AddOn

    @property
    def path(self) -> Path:
        """The file."""
        return self.add_on.path

    @property
    def named(self) -> None:
        """Never a release itself."""
        return

    def described(self, here: Sequence[ModelSpec]) -> ModelSpec:
        """A model by the name of its file; raises `ModelError` where no release that it may stand on is `here`."""
        base = base_of(self.add_on, here)
        words = "A UNet of its own" if self.add_on.kind == "unet" else "Low-rank deltas"
        note = f"{words} on {base.name}, added from {self.path.name}."
        own = {"name": self.path.stem, "note": note, "base": base.id, "is_distilled": is_distilled(self.path)}
        return base.of_a_person(self.path, **own)


def found_in(path: Path) -> Found | Part | None:
    """See `Family.recognise`."""
    taesd = taesd_in(path)
    if taesd is not None:
        return Part(TAESD, taesd, "draws the previews of Stable Video Diffusion from now on")
    if not (is_svd(path) if path.is_dir() else _is_of_it(path)):
        return None
    found = recognise(path)
    return Whole(found) if isinstance(found, SvdFolder) else OnARelease(found)


def release_of(folder: SvdFolder) -> str | None:
    """The id of the release whose defaults suit a model; None for one trained on another number of frames.

    XT and XT 1.1 have the same settings, so the name of the folder has to tell them apart.
    """
    release = RELEASE_OF_FRAMES.get(folder.num_frames)
    if release == "svd-xt" and XT_1_1.search(str(folder.path).lower()):
        return "svd-xt-1-1"
    return release


def is_distilled(path: Path) -> bool:
    """Nothing inside of such weights tells; AnimateLCM and its mixtures carry it in their names."""
    return "lcm" in path.name.lower()


def _is_of_it(file: Path) -> bool:
    if file.suffix != ".safetensors":
        return False
    header = read_header(file)
    return is_add_on(header) or any(mark in header.shapes for mark in MARKS.values())
