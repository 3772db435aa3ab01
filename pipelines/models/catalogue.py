"""The models that the studio knows: what each is, where its files are, and what a request for it may ask.

Knows no torch. Each pinned commit is used by several public projects, among them:

- img2vid: DocZbs/Ctrl-World, scripts/data_processing/gen_latent_single_chunk.sh
- img2vid-xt: akatz-ai/ComfyUI-DepthCrafter-Nodes, nodes.py
- img2vid-xt-1-1: chrismado/cinematic-controlnet, scripts/download_weights.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.direction import PART_NAMES
from pipelines.errors import ModelError, RequestError
from pipelines.families.svd.addon import AddOn, base_of, recognise
from pipelines.families.svd.folder import SvdFolder, folder_bytes
from pipelines.machine import gpus
from pipelines.models.added import AddedFolder, add_folder, added_folders, release_of
from pipelines.models.hub import snapshot
from pipelines.models.spec import BUILT_IN, ModelSpec
from pipelines.request import SIZE_STEP, MotionRequest, parse_request

POCKET_FOLDER = BUILT_IN / "pocket"
"""The weights of the built-in model."""

SVD_BYTES = 4_509_000_000
"""Approximate bytes of one release's fp16 safetensors: UNet 3.05 GB, image encoder 1.26 GB, VAE 0.20 GB."""

SVD_STEPS = 25
"""Denoising steps. The reference code takes 25 for svd and 30 for svd_xt; diffusers and all published timings take 25
for both. It is a sixth cheaper, and the slider is there for the rest."""

SVD_MAX_PIXELS = 2048 * 1152
"""Pixels: four times those of the size it was trained at. A clip of that size is four times the work, or more."""

POCKET_MAX_PIXELS = 2048 * 2048
"""Pixels. What happens is drawn on a coarse grid, only the frames grow with the size; no control allows more."""


GUIDED_BY = frozenset({"camera", "regions", "arrows", "anchors", "only"})
"""Parts of a direction that a draft of the motion makes Stable Video Diffusion follow."""


def _release(id: str, name: str, revision: str, **more: Any) -> ModelSpec:
    """A release of Stable Video Diffusion, XT unless `more` says otherwise."""
    repo = f"stabilityai/stable-video-diffusion-img2vid{id.removeprefix('svd')}"
    xt = ModelSpec(
        id=id,
        name=name,
        family="svd",
        licence="Stability AI Community License",
        licence_url=f"https://huggingface.co/{repo}/blob/main/LICENSE.md",
        size_bytes=SVD_BYTES,
        repo=repo,
        revision=revision,
        gated=False,
        defaults=_svd_defaults(25, 1.5, 3.0),
        ignores=frozenset({"camera"}),
        obeys=GUIDED_BY,
        max_frames=25,
        max_pixels=SVD_MAX_PIXELS,
        note="Frames and motion of its own making, best on a GPU with 12 GB or more.",
    )
    return replace(xt, **more)


def _svd_defaults(num_frames: int, first: float, last: float) -> dict[str, Any]:
    """Guidance from the reference's `scripts/sampling/configs/*.yaml`; 7 motion fps, which the model is told as 6."""
    return {
        "num_frames": num_frames,
        "num_inference_steps": SVD_STEPS,
        "min_guidance_scale": first,
        "max_guidance_scale": last,
        "fps": 7,
        "motion_bucket_id": 127,
    }


RELEASES = (
    _release("svd-xt", "Stable Video Diffusion XT", "9e43909513c6714f1bc78bcb44d96e733cd242aa"),
    _release(
        "svd",
        "Stable Video Diffusion",
        "9cf024d5bfa8f56622af86c884f26a52f6676f2e",
        defaults=_svd_defaults(14, 1.0, 2.5),
        max_frames=14,
        note="The first release: 14 frames, best on a GPU with 12 GB or more.",
    ),
    _release(
        "svd-xt-1-1",
        "Stable Video Diffusion XT 1.1",
        "043843887ccd51926e3efed36270444a838e7861",
        gated=True,
        note="Steadier than XT, but tuned at motion 127 and 7 motion fps only: elsewhere the sliders do less or worse.",
    ),
)
"""The releases on the hub, in the order they are preferred in."""

SAMPLER_CONTROLS = frozenset(
    {"speed", "solver", "sigma_max", "guidance_shape", "guidance_sigma_low", "guidance_sigma_high"}
)
"""Controls of Stable Video Diffusion's sampler, which no other family has."""

STEPS_OF_SPEED = {"fast": 10, "faster": 10, "turbo": 4}
"""Steps that a speed is made for; an `exact` run takes the model's."""

POCKET = ModelSpec(
    id="pocket",
    name="Pocket",
    family="pocket",
    licence="Apache-2.0",
    licence_url="https://www.apache.org/licenses/LICENSE-2.0",
    size_bytes=0,
    repo=None,
    revision=None,
    gated=False,
    # It has one guidance for all frames, max_guidance_scale.
    defaults={
        # it shows any moment of its motion, so it shows enough of them to be smooth: 3.5 s
        "fps": 24,
        "num_frames": 85,
        "num_inference_steps": 16,
        "min_guidance_scale": 1.5,
        "max_guidance_scale": 1.5,
    },
    ignores=frozenset({"decode_chunk_size", "min_guidance_scale"}) | SAMPLER_CONTROLS,
    max_frames=1800,
    max_pixels=POCKET_MAX_PIXELS,
    note="Built in: moves the still itself, in seconds, on any machine.",
    path=POCKET_FOLDER,
    any_moment=True,
    obeys=frozenset(PART_NAMES),
)
"""The built-in model; `models` fills in its size."""


def models() -> tuple[ModelSpec, ...]:
    """All models: the built-in one, the releases, and the folders that a person has added. Raises `ModelError`."""
    added = _added()
    releases = _releases(added)
    of_releases = {spec.id for spec in RELEASES}
    others = [_added_spec(folder, releases) for folder in added.values() if folder.id not in of_releases]
    return (replace(POCKET, size_bytes=folder_bytes(POCKET_FOLDER)), *releases, *others)


def known(model: str) -> ModelSpec:
    """The model with this id. Raises `ModelError` if there is none.

    What strangers may ask for: a path of theirs would tell which folders exist, or load one.
    """
    specs = {spec.id: spec for spec in models()}
    if model not in specs:
        raise ModelError(f"There is no model called {model[:60]}.", f"The models are: {', '.join(specs)}.")
    return specs[model]


def find(model: str) -> ModelSpec:
    """The model with this id, or the one in this diffusers folder. Raises `ModelError` if there is none.

    For whoever sits at the machine; others get `known`.
    """
    folder = None if model in {spec.id for spec in models()} else _folder_named(model)
    return known(model) if folder is None else replace(describe(folder), id=model)


def describe(path: Path) -> ModelSpec:
    """The model in a folder or file, remembered or not, with its path as id.

    Raises `ModelError` where it is none, or stands on a release that is not on this machine.
    """
    found = recognise(path)
    return _folder_spec(str(path), found) if isinstance(found, SvdFolder) else _on_a_release(str(path), found)


def location(spec: ModelSpec) -> Path | None:
    """Where the files of `spec` are on this machine: its own folder, or its snapshot in the hub's cache if complete.

    None for a file without the release that it stands on.
    """
    if spec.base is not None and location(find(spec.base)) is None:
        return None
    if spec.path is not None and (spec.path.is_file() or any(spec.path.rglob("*.safetensors"))):
        return spec.path
    return snapshot(spec)


def default_model() -> str:
    """The id to take where none is asked for: an SVD whose weights are here if there is a CUDA GPU, else pocket."""
    if gpus():
        for spec in models():
            if spec.family == "svd" and location(spec) is not None:
                return spec.id
    return POCKET.id


def add_local(path: Path) -> ModelSpec:
    """Checks a diffusers folder or a single file of Stable Video Diffusion, or an add-on of it, and remembers it.

    The first folder of a release becomes the place of that release; a further one gets an id from its name. An add-on
    stands on the release that is chosen now. Raises `ModelError` where it is none, or has pickles only.
    """
    found = recognise(path.expanduser().resolve())
    base = _on_a_release("", found).base if isinstance(found, AddOn) else None
    return find(add_folder(found, base).id)


def request_for(fields: Mapping[str, Any], find_model: Callable[[str], ModelSpec] = known) -> MotionRequest:
    """A request for the model that `fields` names, or for the default one, with its defaults for what is missing.

    `find_model` is `find` where whoever asks may name a folder of this machine.

    None counts as missing; controls that the model ignores are left at their defaults. Raises `ModelError` for an
    unknown model and `RequestError` for a value that the model cannot follow.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    spec = find_model(str(given.get("model") or default_model()))
    request = parse_request(_filled(spec, given))
    _check_limits(spec, request)
    return request


def unheeded(fields: Mapping[str, Any], find_model: Callable[[str], ModelSpec] = known) -> list[str]:
    """A sentence for each control that was set to something and that the model does not have; raises `ModelError`."""
    spec = find_model(str(fields.get("model") or default_model()))
    usual = {name: MotionRequest.model_fields[name].default for name in spec.ignores}
    lost = [name for name, default in usual.items() if fields.get(name) not in (None, default)]
    return [f"{spec.name} has no {name}: it was left out." for name in sorted(lost)]


def steps_for(spec: ModelSpec, speed: str) -> int:
    """The number of steps where none is asked for."""
    return STEPS_OF_SPEED.get(speed, spec.defaults["num_inference_steps"])


def _folder_named(model: str) -> Path | None:
    try:
        folder = Path(model).expanduser().resolve()
        return folder if folder.exists() else None
    except (OSError, RuntimeError, ValueError):  # a name that is too long, has a NUL in it, or is nobody's home
        return None


def _filled(spec: ModelSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    asked = {name: value for name, value in given.items() if name not in spec.ignores}
    steps = steps_for(spec, str(asked.get("speed")))
    filled = {**spec.defaults, "num_inference_steps": steps, **asked, "model": spec.id}
    low, high = filled["min_guidance_scale"], filled["max_guidance_scale"]
    if not (isinstance(low, int | float) and isinstance(high, int | float)):
        return filled
    # A default that nobody chose gives way to what somebody did.
    if "min_guidance_scale" not in asked:
        filled["min_guidance_scale"] = min(low, high)
    elif "max_guidance_scale" not in asked:
        filled["max_guidance_scale"] = max(low, high)
    return filled


def _check_limits(spec: ModelSpec, request: MotionRequest) -> None:
    if request.speed == "turbo" and not spec.is_distilled:
        raise RequestError(
            f"Turbo needs distilled weights, and those of {spec.name} are not.",
            "Choose fast or faster, or add AnimateLCM: python app.py models add AnimateLCM-SVD-xt.safetensors.",
        )
    deaf_to = sorted(request.direction.parts - spec.obeys)
    if deaf_to:
        raise RequestError(
            f"{spec.name} does not follow {' and '.join(map(PART_NAMES.__getitem__, deaf_to))}.",
            f"Choose {POCKET.name}, or take that out of the direction.",
        )
    if request.num_frames > spec.max_frames:
        raise RequestError(
            f"{spec.name} makes at most {spec.max_frames} frames.", f"Set num_frames to {spec.max_frames} or less."
        )
    pixels = request.width * request.height
    if pixels > spec.max_pixels:
        scale = math.sqrt(spec.max_pixels / pixels) / SIZE_STEP
        width, height = (int(side * scale) * SIZE_STEP for side in (request.width, request.height))
        raise RequestError(
            f"{request.width}x{request.height} is too large for {spec.name}.", f"Choose {width}x{height} or less."
        )


def _added() -> dict[str, AddedFolder]:
    """What a person has added, by its id; the first place of a release counts. Raises `ModelError`."""
    added: dict[str, AddedFolder] = {}
    for folder in added_folders():
        added.setdefault(folder.id, folder)
    return added


def _releases(added: Mapping[str, AddedFolder]) -> list[ModelSpec]:
    """The releases, each in the place that a person has given it."""
    return [replace(spec, path=Path(added[spec.id].path)) if spec.id in added else spec for spec in RELEASES]


def _added_spec(added: AddedFolder, releases: Sequence[ModelSpec]) -> ModelSpec:
    """An added folder that is no release's place, listed even while its disk is not mounted."""
    path = Path(added.path)
    try:
        found = recognise(path)
    except ModelError:
        return _own(RELEASES[0], added.id, path, name=path.name, size_bytes=0, base=added.base)
    if isinstance(found, SvdFolder):
        return _folder_spec(added.id, found)
    return _add_on_spec(added.id, found, _base_for(added, found, releases))


def _base_for(added: AddedFolder, add_on: AddOn, releases: Sequence[ModelSpec]) -> ModelSpec:
    """The release that was chosen when it was added; for the file in STILLMOTION_SVD_PATH, the one to choose now."""
    chosen = next((spec for spec in releases if spec.id == added.base), None)
    try:
        return chosen or base_of(add_on, _here(releases))
    except ModelError:
        return releases[0]


def _here(releases: Sequence[ModelSpec]) -> list[ModelSpec]:
    return [spec for spec in releases if location(spec) is not None]


def _on_a_release(id: str, add_on: AddOn) -> ModelSpec:
    return _add_on_spec(id, add_on, base_of(add_on, _here(_releases(_added()))))


def _add_on_spec(id: str, add_on: AddOn, base: ModelSpec) -> ModelSpec:
    """A file that stands on a release, whose rules it keeps."""
    words = "A UNet of its own" if add_on.kind == "unet" else "Low-rank deltas"
    note = f"{words} on {base.name}, added from {add_on.path.name}."
    return _own(base, id, add_on.path, name=add_on.path.stem, note=note, base=base.id)


def _folder_spec(id: str, folder: SvdFolder) -> ModelSpec:
    """A folder outside of the releases: the rules of its release, or of XT with the frames it was trained on."""
    release = next((spec for spec in RELEASES if spec.id == release_of(folder)), RELEASES[0])
    return _own(
        release,
        id,
        folder.path,
        defaults={**release.defaults, "num_frames": folder.num_frames},
        max_frames=folder.num_frames,
        note=f"Added from {folder.path.name}.",
    )


def _own(release: ModelSpec, id: str, path: Path, **more: Any) -> ModelSpec:
    """A person's own folder or file, by the rules of a release unless `more` says otherwise."""
    own = replace(
        release,
        id=id,
        name=path.name,
        repo=None,
        revision=None,
        gated=False,
        size_bytes=folder_bytes(path),
        # Nothing inside of such weights tells; AnimateLCM and its mixtures carry it in their names.
        is_distilled="lcm" in path.name.lower(),
        path=path,
    )
    return replace(own, **more)
