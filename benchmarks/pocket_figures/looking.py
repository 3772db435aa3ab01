"""Does the motion look at the still? On scenes whose true motion is known."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.pocket_figures.bench import Bench
from benchmarks.report import Figure
from pipelines.catalogue import POCKET
from pipelines.pocket.amplitude import bucket_of
from pipelines.pocket.animator import look_at
from pipelines.pocket.grid import latent_shape
from pipelines.pocket.sampling import Conditions, Networks, draw_latents
from pipelines.request import MotionRequest
from pipelines.subject import subject_mask
from training.held_out import SHAPE, Looking, composed_rates, held_out_scenes, looks_at_the_still, main_structure
from training.photos import read_photo
from training.scenes import Scene, SceneMaker

STEPS, GUIDANCE = int(POCKET.defaults["num_inference_steps"]), float(POCKET.defaults["max_guidance_scale"])
"""As the studio draws."""

NOISE_AUG = float(MotionRequest.model_fields["noise_aug_strength"].default)

OTHERS = 4
"""Other scenes whose drawn motion each scene's outlines are given: enough for the second digit."""

NAME = "looks at the still: own scene against others"


def looking_figures(bench: Bench) -> list[Figure]:
    """The ratio with the studio's own eyes, which is what counts, and with the outlines that the scene was made of."""
    scenes = held_out_scenes(SceneMaker([read_photo(file) for file in bench.photos]), bench.effort.scenes)
    seen = [dataclasses.replace(scene, eyes=studio_eyes(scene.eyes)) for scene in scenes]
    networks, seeds = bench.animator.networks, bench.effort.scene_seeds
    with_ours, with_theirs = Drawings.of(networks, seen, seeds), Drawings.of(networks, scenes, seeds)
    size = f"{len(scenes)} scenes of {len(bench.photos)} held-out photos x {seeds} seeds"
    return [
        _figure(with_ours, "the studio's eyes", f"{size}; {_share_of_outlines(with_ours)}"),
        _figure(with_theirs, "the scene's outlines", size),
    ]


def studio_eyes(eyes: Tensor) -> Tensor:
    """Eyes uint8 `[EYES, H, W]` with outlines as the studio finds them in the composed still, `eyes[:3]`."""
    still = np.ascontiguousarray(eyes[:3].permute(1, 2, 0).numpy())
    return (look_at(still, subject_mask(still), SHAPE) * 255).round().to(torch.uint8)


@dataclass(frozen=True)
class Drawings:
    """Scenes, and the latents `[seeds, C, h, w]` that the model draws for each."""

    networks: Networks
    scenes: list[Scene]
    latents: list[Tensor]

    @staticmethod
    def of(networks: Networks, scenes: list[Scene], seeds: int) -> Drawings:
        """Drawn with the studio's settings, and the same noise for every scene."""
        return Drawings(networks, scenes, [_draw(networks, scene, seeds) for scene in scenes])

    def looking(self, latents: list[Tensor]) -> Looking:
        """The measure for these latents, joined at the outlines of each scene."""
        drawn = {id(scene): latent for scene, latent in zip(self.scenes, latents, strict=True)}
        return looks_at_the_still(self.scenes, lambda scene, _: self._rates(scene, drawn[id(scene)]), len(latents[0]))

    def looking_past_outlines(self) -> float:
        """How much better the own latents fit than those of other scenes, all joined at the own outlines.

        1 where the network draws without regard to the still, whatever the outlines do for it.
        """
        fits = np.array(
            [[self._fit(i, (i + shift) % len(self.scenes)) for shift in range(OTHERS + 1)] for i in self._all]
        )
        return float(fits[:, 0].mean() / fits[:, 1:].mean())

    @property
    def _all(self) -> range:
        return range(len(self.scenes))

    def _fit(self, outlines_of: int, latents_of: int) -> float:
        scene = self.scenes[outlines_of]
        truth = main_structure(scene.rates)
        drawn = self._rates(scene, self.latents[latents_of])
        return float(np.mean([abs(float(main_structure(rates) @ truth)) for rates in drawn]))

    def _rates(self, scene: Scene, latents: Tensor) -> Tensor:
        return composed_rates(self.networks.codec, latents, scene.eyes.float() / 255, SHAPE)


def _draw(networks: Networks, scene: Scene, seeds: int) -> Tensor:
    bucket = bucket_of(scene.travelled / scene.seconds)
    conditions = Conditions(scene.eyes.float() / 255, scene.seconds, bucket, NOISE_AUG, GUIDANCE)
    return draw_latents(networks, conditions, _noise(networks, seeds, 0), STEPS)


def _noise(networks: Networks, seeds: int, seed: int) -> Tensor:
    size = (seeds, networks.codec.channels, *latent_shape(*SHAPE))
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


def _figure(drawings: Drawings, eyes: str, note: str) -> Figure:
    looking = drawings.looking(drawings.latents)
    found = f"correlation {looking.own:.3f} with the own scene, {looking.other:.3f} with others"
    return Figure(f"{NAME}, {eyes}", looking.ratio, "x", 1.5, 3, False, f"{found}; {note}")


def _share_of_outlines(drawings: Drawings) -> str:
    """What the ratio would be without the network, and what the network adds."""
    noise = [_noise(drawings.networks, len(drawn), 1 + index) for index, drawn in enumerate(drawings.latents)]
    return (
        f"noise in place of drawn motion, in the same outlines, has {drawings.looking(noise).ratio:.2f} x; with the"
        f" outlines held equal, motion drawn for this still fits {drawings.looking_past_outlines():.2f} x as well as"
        " motion drawn for another"
    )
