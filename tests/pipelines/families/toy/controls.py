"""What only this family has."""

from pydantic import BaseModel

from pipelines.control import control


class Controls(BaseModel):
    """How far, and a word."""

    wobble: int = control(1, "Wobble", "How far it shifts from frame to frame.", ge=0, le=9, unit="pixels")
    motto: str = control("", "Motto", "A word to go with it.")
