"""The releases of Stable Video Diffusion. Knows no torch.

Each pinned commit is used by several public projects, among them:

- img2vid: DocZbs/Ctrl-World, scripts/data_processing/gen_latent_single_chunk.sh
- img2vid-xt: akatz-ai/ComfyUI-DepthCrafter-Nodes, nodes.py
- img2vid-xt-1-1: chrismado/cinematic-controlnet, scripts/download_weights.py
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.families.svd.folder import HUB_FILES
from pipelines.models.spec import ModelSpec

SIZE_BYTES = 4_509_000_000
"""Approximate bytes of one release's fp16 safetensors: UNet 3.05 GB, image encoder 1.26 GB, VAE 0.20 GB."""

STEPS = 25
"""Denoising steps. The reference code takes 25 for svd and 30 for svd_xt; diffusers and all published timings take 25
for both. It is a sixth cheaper, and the slider is there for the rest."""

MAX_PIXELS = 2048 * 1152
"""Pixels: four times those of the size it was trained at. A clip of that size is four times the work, or more."""

GUIDED_BY = frozenset({"camera", "regions", "arrows", "anchors", "only"})
"""Parts of a direction that a draft of the motion makes it follow."""


def _release(id: str, name: str, revision: str, **more: Any) -> ModelSpec:
    """A release, XT unless `more` says otherwise."""
    repo = f"stabilityai/stable-video-diffusion-img2vid{id.removeprefix('svd')}"
    xt = ModelSpec(
        id=id,
        name=name,
        family="svd",
        licence="Stability AI Community License",
        licence_url=f"https://huggingface.co/{repo}/blob/main/LICENSE.md",
        size_bytes=SIZE_BYTES,
        repo=repo,
        revision=revision,
        gated=False,
        defaults=_defaults(25, 1.5, 3.0),
        ignores=frozenset(),
        obeys=GUIDED_BY,
        max_frames=25,
        max_pixels=MAX_PIXELS,
        note="Frames and motion of its own making, best on a GPU with 12 GB or more.",
        hub_files=HUB_FILES,
        is_usual=True,
    )
    return replace(xt, **more)


def _defaults(num_frames: int, first: float, last: float) -> dict[str, Any]:
    """Guidance from the reference's `scripts/sampling/configs/*.yaml`; 7 motion fps, which the model is told as 6."""
    return {
        "num_frames": num_frames,
        "num_inference_steps": STEPS,
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
        defaults=_defaults(14, 1.0, 2.5),
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
