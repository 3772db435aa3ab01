"""Which pipeline to open a folder with: often the one for stills stands beside the one that a folder names.

Releases that do both, with or without a still, name the class for words alone. Knows no torch.
"""

from __future__ import annotations

import importlib.util

from pipelines.errors import ModelError
from pipelines.families.stock.folder import StockFolder
from pipelines.families.stock.signature import REQUIRED, Signature, beside, pipeline_signature
from pipelines.families.stock.traps import GUARDED, REFUSED, TRAPS, Trap
from pipelines.families.stock.weights import AGAIN

LENGTHS = ("num_frames", "frames", "video_length")
"""What pipelines call the number of frames."""

FOR_STILLS = ("ImageToVideo", "Image2Video", "I2V")
"""What is in the names of pipelines that do nothing but this."""

CHOOSE_ANOTHER = "Choose a model that makes a video of a still, such as LTX-Video or Wan I2V."


def fitting_pipeline(folder: StockFolder) -> Signature:
    """The pipeline that animates stills with the parts in a folder. Raises `ModelError` where there is none."""
    named = pipeline_signature(folder.pipeline)
    if named is None:
        raise ModelError(
            f"{folder.path} is made for {folder.pipeline}, which this release of diffusers does not have.",
            "Update the studio, or choose another model.",
        )
    _check_allowed(named.name)
    _check_parts(folder, named)
    found = named if takes_still(named) else _sibling(folder, named)
    if found is None or not _is_trained_for_stills(folder, found):
        raise ModelError(f"The {folder.pipeline} in {folder.path} makes no video of a still.", CHOOSE_ANOTHER)
    if folder.setting("transformer", "pos_embed_seq_len"):
        raise ModelError(
            f"{folder.path} goes from one still to another, and cannot do with one.",
            "Choose the release of the same model that goes on from a single still.",
        )
    _check_call(found)
    _check_parts(folder, found)
    return found


def takes_still(signature: Signature) -> bool:
    """Whether a call takes a picture and makes as many frames as it is told."""
    return "image" in signature.call and any(name in signature.call for name in LENGTHS)


def _sibling(folder: StockFolder, named: Signature) -> Signature | None:
    able = [
        other
        for other in beside(named)
        if takes_still(other) and other.name not in REFUSED and _has_all_parts(folder, other)
    ]
    return min(able, key=_preference, default=None)


def _preference(signature: Signature) -> tuple[bool, int]:
    return not any(word in signature.name for word in FOR_STILLS), len(signature.name)


def _has_all_parts(folder: StockFolder, signature: Signature) -> bool:
    """Whether it can be built from the parts of the folder and uses all of them."""
    needed = {part for part, is_optional in signature.parts.items() if not is_optional}
    return needed <= set(folder.parts) <= set(signature.parts)


def _is_trained_for_stills(folder: StockFolder, signature: Signature) -> bool:
    """By the settings of its network: some take the still as further channels of their input."""
    if folder.setting("transformer", "visual_cond", True) is False:
        return False
    joins = TRAPS.get(signature.name, Trap()).joins and not folder.setting("", "expand_timesteps", False)
    taken = folder.setting("transformer", "in_channels", 0)
    made = folder.setting("transformer", "out_channels", 0)
    return not joins or not taken or not made or taken > made


def _check_allowed(name: str) -> None:
    if name in REFUSED:
        raise ModelError(f"{name} {REFUSED[name]}.", CHOOSE_ANOTHER)
    if name in GUARDED and importlib.util.find_spec("cosmos_guardrail") is None:
        raise ModelError(
            f"The licence of {name} asks for a guardrail that is not installed.",
            "Install it if you want this model: pip install cosmos_guardrail.",
        )


def _check_call(signature: Signature) -> None:
    known = {"image", "prompt"}
    more = sorted(name for name, default in signature.call.items() if default is REQUIRED and name not in known)
    if more:
        raise ModelError(f"{signature.name} needs {' and '.join(more)}, which nobody here can give it.", CHOOSE_ANOTHER)


def _check_parts(folder: StockFolder, signature: Signature) -> None:
    needed = {part for part, is_optional in signature.parts.items() if not is_optional}
    lost = sorted(needed - set(folder.parts))
    if lost:
        raise ModelError(f"{folder.path} lacks its {lost[0]}: the download is not complete.", AGAIN)
