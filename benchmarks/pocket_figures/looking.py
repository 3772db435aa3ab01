"""Does the model look at the still? On scenes whose true motion is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from torch import Tensor

from benchmarks.pocket_figures.bench import Bench
from benchmarks.report import Figure
from pipelines.catalogue import POCKET
from pipelines.pocket.amplitude import bucket_of
from pipelines.pocket.sampling import Conditions, Networks, draw_latents
from pipelines.request import MotionRequest
from pipelines.subject import subject_mask
from training.held_out import held_out_scenes, looks_at_the_still
from training.photos import read_photo
from training.scenes import Scene, SceneMaker

STEPS, GUIDANCE = int(POCKET.defaults["num_inference_steps"]), float(POCKET.defaults["max_guidance_scale"])
"""As the studio draws."""

NOISE_AUG = float(MotionRequest.model_fields["noise_aug_strength"].default)

NAME = "looks at the still: own scene against others"


def looking_figures(bench: Bench) -> list[Figure]:
    """The ratio with the studio's own eyes, which is what counts, and with the mask that the scene was made of."""
    scenes = held_out_scenes(SceneMaker([read_photo(file) for file in bench.photos]), bench.effort.scenes)
    seen = [dataclasses.replace(scene, eyes=studio_eyes(scene.eyes)) for scene in scenes]
    return [_figure(bench, seen, "the studio's eyes"), _figure(bench, scenes, "the scene's mask")]


def studio_eyes(eyes: Tensor) -> Tensor:
    """Eyes uint8 `[4, H, W]` with the subject as the studio's network finds it in the composed still."""
    mask = subject_mask(np.ascontiguousarray(eyes[:3].permute(1, 2, 0).numpy()))
    return torch.cat([eyes[:3], torch.from_numpy((mask * 255).astype(np.uint8))[None]])


def draw_rates(networks: Networks, scene: Scene, seeds: int) -> Tensor:
    """Rates `[seeds, S, 2, h, w]` that the model draws for a scene, with the studio's settings."""
    codec = networks.codec
    bucket = bucket_of(scene.travelled / scene.seconds)
    conditions = Conditions(scene.eyes.float() / 255, scene.seconds, bucket, NOISE_AUG, GUIDANCE)
    noise = torch.randn(seeds, codec.channels, *scene.rates.shape[-2:], generator=torch.Generator().manual_seed(0))
    components = codec.decode(draw_latents(networks, conditions, noise, STEPS))
    return torch.einsum("bkchw,sk->bschw", components, codec.profile(codec.moments()))


def _figure(bench: Bench, scenes: list[Scene], eyes: str) -> Figure:
    networks, seeds = bench.animator.networks, bench.effort.scene_seeds
    looking = looks_at_the_still(scenes, lambda scene, count: draw_rates(networks, scene, count), seeds)
    note = f"correlation {looking.own:.3f} with the own scene, {looking.other:.3f} with others"
    note += f"; {len(scenes)} scenes of {len(bench.photos)} held-out photos x {seeds} seeds"
    return Figure(f"{NAME}, {eyes}", looking.ratio, "x", 1.5, 3, False, note)
