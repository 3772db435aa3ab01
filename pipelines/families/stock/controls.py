"""The controls that only this family has. Knows no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, Field, model_validator

LONGEST_PROMPT = 4000
"""Characters. The longest text encoder among the pipelines reads 1024 tokens, of about four characters each."""


class StockControls(BaseModel):
    """What is said in words about a clip. A part of `MotionRequest`."""

    prompt: str = Field(
        "",
        description="What happens in the clip, in plain English: who or what moves, how, and what the camera does. It"
        " guides, it does not command: the picture weighs more.",
        json_schema_extra={"label": "Prompt", "unit": "", "step": 1},
    )
    negative_prompt: str = Field(
        "",
        description="What should not be seen, such as blur or text. A weak wish; without guidance it does nothing.",
        json_schema_extra={"label": "Not this", "unit": "", "step": 1},
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

    @classmethod
    def of(cls, request: BaseModel) -> StockControls:
        """What a request says in words; nothing where it has no such controls."""
        said: Mapping[str, str] = request.model_dump(include=set(cls.model_fields))
        return StockControls(**said)
