"""How the page looks: a quiet neutral theme with one accent, in the system's own fonts."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.themes.utils import colors

STYLESHEET = Path(__file__).parent.parent / "assets" / "css" / "studio.css"

ACCENT = colors.Color(
    c50="#fff4ef",
    c100="#ffe5da",
    c200="#ffc9b3",
    c300="#ffa682",
    c400="#ff8557",
    c500="#ef6430",
    c600="#c2430f",
    c700="#a3370b",
    c800="#7f2c0d",
    c900="#5c220d",
    c950="#341206",
    name="ember",
)
"""The one accent. White on c600 and c950 on c400 have a contrast above 5 : 1."""

SYSTEM_FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
SYSTEM_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "monospace"]


def studio_theme() -> gr.themes.Base:
    """The theme of every page; names its fonts by string, so that nothing is fetched from elsewhere."""
    theme = gr.themes.Base(
        primary_hue=ACCENT,
        neutral_hue=colors.stone,
        font=SYSTEM_FONT,
        font_mono=SYSTEM_MONO,
        radius_size=gr.themes.sizes.radius_lg,
        spacing_size=gr.themes.sizes.spacing_md,
    )
    return theme.set(
        body_background_fill="#faf9f7",
        body_background_fill_dark="#161412",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1e1b19",
        background_fill_secondary="#f4f2ee",
        background_fill_secondary_dark="#262220",
        block_border_width="0px",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_shadow="none",
        block_label_background_fill="transparent",
        border_color_primary="#e4e0d9",
        border_color_primary_dark="#3a3531",
        input_background_fill="#ffffff",
        input_background_fill_dark="#262220",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_400",
        button_primary_background_fill_hover_dark="*primary_300",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="*primary_950",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#2d2926",
        button_secondary_border_color="#d6d1c8",
        button_secondary_border_color_dark="#4a443f",
        checkbox_background_color_selected="*primary_600",
        checkbox_background_color_selected_dark="*primary_400",
    )
