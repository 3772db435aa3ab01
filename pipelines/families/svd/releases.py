"""The releases of Stable Video Diffusion. Knows no torch.

Each pinned commit is used by several public projects, among them:

- img2vid: DocZbs/Ctrl-World, scripts/data_processing/gen_latent_single_chunk.sh
- img2vid-xt: akatz-ai/ComfyUI-DepthCrafter-Nodes, nodes.py
- img2vid-xt-1-1: chrismado/cinematic-controlnet, scripts/download_weights.py
"""

from __future__ import annotations

from collections.abc import Mapping
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

GUIDED_BY = frozenset({"camera", "regions", "arrows", "anchors", "only", "stills", "loop"})
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

_XT, _BOTH = frozenset({"svd-xt"}), frozenset({"svd", "svd-xt"})

RELEASED: Mapping[str, frozenset[str]] = {
    "9fbc02e90f37d422f5e3a4aeaee95f6629dc8c45ca211b951626e930daf2bddf": _XT,  # UNet in fp16
    "7783d82729af04f26ded4641a5952617fe331fc46add332fb9e47674fecc6ad7": _XT,  # UNet
    "b2652c23d64a1da5f14d55011b9b6dce55f2e72e395719f1cd1f8a079b00a451": _XT,  # svd_xt.safetensors
    "cb552818963e736506c6693ffc279d59df423d63aced38902ea4373ab1fd2932": frozenset({"svd"}),  # UNet in fp16
    "ae616c24393dd1854372b0639e5541666f7521cbe219669255e865cb7f89466a": _BOTH,  # image encoder in fp16
    "ed1e5af7b4042ca30ec29999a4a5cfcac90b7fb610fd05ace834f2dcbb763eab": _BOTH,  # image encoder
    "af602cd0eb4ad6086ec94fbf1438dfb1be5ec9ac03fd0215640854e90d6463a3": _BOTH,  # VAE in fp16
    "5d92aa595a53d9da9faf594f09910ee869d5d567c8bb0362d5095673c69997d6": _BOTH,  # VAE
}
"""The SHA-256 of weights, and the releases that have them, as public projects hold their downloads against; of XT 1.1,
which is given out only to whoever has accepted its licence, none was found."""

RELEASED_SIZES = frozenset(
    {3_049_435_868, 6_098_682_464, 9_559_625_980, 1_264_217_240, 2_528_371_296, 195_531_910, 391_017_740}
)
"""Bytes of those files: no other file needs to be read."""
