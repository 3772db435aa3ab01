"""Whether the weights of a part are here, whole, and of the one format that cannot run. Knows no torch."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.errors import ModelError

AGAIN = "Download it again: what is complete is kept."

PICKLES = ("*.bin", "*.ckpt", "*.pt", "*.pth")
"""Names of weights that can run any code when they are opened."""

LONGEST_HEADER = 100_000_000
"""Bytes; the format's own limit (safetensors, `SafeTensors::read_metadata`)."""

INDEX = ".safetensors.index"
"""What stands in the name of a list of shards, before `.json` or `.VARIANT.json`."""


def variant_of(part: Path) -> str | None:
    """What diffusers calls the only weights that a part has, such as "fp16"; None where they have no such name.

    Raises `ModelError` where weights are missing, are pickles only, or are not whole.
    """
    plain, named = _weight_files(part)
    if not plain and not named:
        raise _missing(part)
    variant = None if plain else sorted(named)[0]
    for file in plain or named[str(variant)]:
        _check_whole(file)
    _check_shards(part, variant)
    return variant


def _weight_files(part: Path) -> tuple[list[Path], dict[str, list[Path]]]:
    """The files without, and those with, the name of a variant before their ending."""
    plain: list[Path] = []
    named: dict[str, list[Path]] = {}
    for file in sorted(part.glob("*.safetensors")):
        # `model.safetensors`, `model.fp16.safetensors`, `model.fp16-00001-of-00002.safetensors`
        dots = file.name.removesuffix(".safetensors").split(".")
        if len(dots) == 1:
            plain.append(file)
        else:
            named.setdefault(dots[1].split("-")[0], []).append(file)
    return plain, named


def _missing(part: Path) -> ModelError:
    pickles = sorted(file.name for pattern in PICKLES for file in part.glob(pattern))
    if pickles:
        return ModelError(
            f"The weights in {part} are pickles ({pickles[0]}), which can run any code when they are opened.",
            "Download the .safetensors files of the model instead.",
        )
    return ModelError(f"{part} has no .safetensors file: the download is not complete.", AGAIN)


def _check_shards(part: Path, variant: str | None) -> None:
    for index in part.glob(f"*{INDEX}*.json"):
        if index.name.partition(INDEX)[2] != (f".{variant}.json" if variant else ".json"):
            continue
        try:
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise ModelError(f"{index} cannot be read.", AGAIN) from error
        odd = sorted(name for name in map(str, shards) if Path(name).name != name or not name.endswith(".safetensors"))
        if odd:
            raise ModelError(f"{index} names {odd[0][:80]}, which is no .safetensors file beside it.", AGAIN)
        lost = sorted(str(shard) for shard in shards if not (part / str(shard)).is_file())
        if lost:
            raise ModelError(f"{part} lacks {lost[0]}: the download is not complete.", AGAIN)


def _check_whole(file: Path) -> None:
    """Raises `ModelError` where the file is shorter than its own table says."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            table = json.loads(stream.read(min(length, LONGEST_HEADER)))
        ends = [entry["data_offsets"][1] for name, entry in table.items() if name != "__metadata__"]
        is_whole = file.stat().st_size == 8 + length + max(ends, default=0)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, IndexError):
        is_whole = False
    if not is_whole:
        raise ModelError(f"{file} is not whole.", AGAIN)
