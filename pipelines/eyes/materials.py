"""What a place of a picture can be, and how far."""

from __future__ import annotations

MATERIALS = ("sky", "cloud", "water", "flow", "plant", "mist", "ground", "solid", "living")
"""What a place can be made of; `water` is calm, `flow` runs or breaks, `mist` is smoke and fire as well."""

FARTHEST = 9.0
"""The distance code of the sky; 0 is nearer than a metre (`pipelines.eyes.seen.METRES`)."""
