"""What a tab has chosen and not yet animated, as the browser keeps it over a reload."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pipelines.errors import RequestError
from pipelines.request import MotionRequest, parse_request


@dataclass(frozen=True)
class Draft:
    """A picture, as `ui.pictures` names it, and what the controls ask for."""

    picture: str
    request: MotionRequest

    def text(self) -> str:
        """As one line."""
        return json.dumps({"picture": self.picture, "request": self.request.model_dump(mode="json")})

    @classmethod
    def of_text(cls, text: str) -> Draft | None:
        """From such a line; None where it is none, or of an older Stillmotion."""
        try:
            kept = json.loads(text)
            return cls(str(kept["picture"]), parse_request(kept["request"]))
        except (ValueError, TypeError, KeyError, RequestError):
            return None
