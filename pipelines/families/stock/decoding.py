"""From latents that were handed over to frames: all at once, or, where that is exact, frame after latent frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from pipelines.contract import RGB
from pipelines.errors import BadFrames

STREAMED = "AutoencoderKLWan"
"""The autoencoder that decodes one latent frame after the other, each from what it remembers of those before."""

Given = tuple[tuple[Any, ...], dict[str, Any]]
"""The arguments of a decoder, as its pipeline gave them."""


def decoded(pipeline: Any, given: Given, on_part: Callable[[], None]) -> Iterator[RGB]:
    """Runs of frames, uint8 `[n, H, W, 3]`, in order; `on_part` is called between two pieces of work, and may raise.

    The frames are those of the pipeline itself, bit by bit.
    """
    vae = pipeline.vae
    if type(vae).__name__ == STREAMED and not vae.use_tiling:
        videos = _streamed(vae, _latents(given), on_part)
    else:
        videos = _whole(vae, given, on_part)
    for video in videos:
        yield in_bytes(pipeline.video_processor.postprocess_video(video, output_type="np")[0])


def in_bytes(frames: Any) -> RGB:
    """float `[n, H, W, 3]` from 0 to 1 as uint8, rounded as diffusers rounds. Raises `BadFrames`."""
    values = torch.as_tensor(frames)
    if not torch.isfinite(values).all():
        raise BadFrames(
            "The model's decoder produced values that are not finite.",
            "Load it in bf16 or fp32; if it was, download its weights again.",
        )
    numbers: RGB = (values.numpy() * 255).round().astype("uint8")
    return numbers


def _latents(given: Given) -> torch.Tensor:
    args, named = given
    latents: torch.Tensor = args[0] if args else named["z"]
    return latents


@torch.no_grad()
def _whole(vae: Any, given: Given, on_part: Callable[[], None]) -> Iterator[torch.Tensor]:
    """One piece of work; its parts, between which `on_part` is called, are those of the decoder."""
    args, named = given
    hooks = [part.register_forward_hook(lambda *_: on_part()) for part in vae.decoder.children()]
    try:
        video = vae.decode(*args, **{**named, "return_dict": False})[0]
    finally:
        for hook in hooks:
            hook.remove()
    yield video


@torch.no_grad()
def _streamed(vae: Any, latents: torch.Tensor, on_part: Callable[[], None]) -> Iterator[torch.Tensor]:
    """`AutoencoderKLWan._decode` of diffusers 0.42, which joins at the end what is given out here as it comes."""
    hook = getattr(vae, "_hf_hook", None)
    if hook is not None:  # decoding begins below `decode`, which would bring the weights
        hook.pre_forward(vae)
    vae.clear_cache()
    try:
        inner = vae.post_quant_conv(latents)
        for number in range(inner.shape[2]):
            video = _next(vae, inner[:, :, number : number + 1], is_first=number == 0)
            on_part()
            yield torch.clamp(video, min=-1.0, max=1.0)
    finally:
        vae.clear_cache()


def _next(vae: Any, latent: torch.Tensor, is_first: bool) -> torch.Tensor:
    """One frame of pixels for the first latent frame, as many as it stands for after that."""
    from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

    vae._conv_idx = [0]
    first = {"first_chunk": True} if is_first else {}
    video: torch.Tensor = vae.decoder(latent, feat_cache=vae._feat_map, feat_idx=vae._conv_idx, **first)
    return video if vae.config.patch_size is None else unpatchify(video, patch_size=vae.config.patch_size)
