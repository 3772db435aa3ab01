"""The controls that only this family has. Knows no torch."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, model_validator

from pipelines.control import control

LONGEST_PROMPT = 4000
"""Characters. The longest text encoder among the pipelines reads 1024 tokens, of about four characters each."""


class Controls(BaseModel):
    """What a `MotionRequest` says in words."""

    prompt: str = control(
        "",
        "Prompt",
        "What happens in the clip, in plain English: who or what moves, how, and what the camera does. It guides, it"
        " does not command: the picture weighs more.",
        told={"lines": 3, "in_front": True},
    )
    negative_prompt: str = control(
        "",
        "Not this",
        "What should not be seen, such as blur or text: a weak wish. Without guidance it does nothing.",
        told={"lines": 2},
    )

    @model_validator(mode="after")
    def _prompts_can_be_read(self) -> Self:
        for name, text in {"prompt": self.prompt, "negative_prompt": self.negative_prompt}.items():
            if len(text) > LONGEST_PROMPT:
                raise ValueError(
                    f"The {name} has {len(text):,} characters, and no model reads more than {LONGEST_PROMPT:,}."
                    " Shorten it to a few sentences."
                )
        return self
