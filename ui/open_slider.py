"""A slider that refuses nothing."""

from __future__ import annotations

import gradio as gr


class OpenSlider(gr.Slider):
    """A slider whose value the request judges, in words.

    Gradio's own refuses what is beyond its bounds, without a word, and loses the event that waits behind. While a model
    is being changed, the last one's frames may well be beyond the new one's.
    """

    is_template = True
    """To Gradio a Slider."""

    def preprocess(self, payload: float) -> float:
        """The value as it came."""
        return payload
