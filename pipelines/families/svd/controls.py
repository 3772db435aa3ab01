"""The controls of Stable Video Diffusion's sampler, which no other family has. Knows no torch."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, model_validator

from pipelines.control import control


class Controls(BaseModel):
    """What a `MotionRequest` asks of Stable Video Diffusion alone."""

    speed: Literal["exact", "fast", "faster", "turbo"] = control(
        "exact",
        "Speed",
        "exact: every step. fast: ten well-chosen steps. faster: and half of them in part only, fine detail suffers."
        " turbo: four steps of distilled weights that you supply.",
        told={"brings": ["num_inference_steps"]},
    )
    solver: Literal["euler", "dpm"] = control(
        "euler", "Solver", "euler is the reference; dpm looks back one step and needs fewer of them."
    )
    sigma_max: float = control(
        700.0, "First noise", "The noise level of the first step; 100 frees clips that hardly move.", ge=10.0, le=700.0
    )
    guidance_shape: Literal["linear", "triangle"] = control(
        "linear",
        "Guidance over the frames",
        "linear rises to the last frame; triangle rises to the middle and falls again.",
    )
    guidance_sigma_low: float = control(
        0.0, "Guidance from noise", "Below this noise level no guidance: it halves those steps.", ge=0.0, le=700.0
    )
    guidance_sigma_high: float = control(
        700.0, "Guidance up to noise", "Above this noise level no guidance: it halves those steps.", ge=0.0, le=700.0
    )

    @model_validator(mode="after")
    def _interval_is_one(self) -> Self:
        if self.guidance_sigma_low > self.guidance_sigma_high:
            raise ValueError(
                f"Guidance cannot begin at noise {self.guidance_sigma_low:g} and end at {self.guidance_sigma_high:g}."
                " Lower guidance_sigma_low or raise guidance_sigma_high."
            )
        return self
