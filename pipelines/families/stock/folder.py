"""What a folder of a pipeline holds, read from its JSON. Knows no torch: nothing of the folder is run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.errors import ModelError
from pipelines.families.stock.signature import is_room
from pipelines.families.stock.weights import AGAIN, variant_of

INDEX = "model_index.json"

LIBRARIES = {"diffusers", "transformers"}
"""Where the classes of parts come from; besides, a pipeline's own room in diffusers."""

WITHOUT_WEIGHTS = ("Tokenizer", "Processor", "Scheduler", "FeatureExtractor", "Guidance")
"""What is in the names of classes that have settings only."""


@dataclass(frozen=True)
class StockFolder:
    """A folder that has passed: `parts` names the class of each part, `settings` are those of each, and under "" those
    of the pipeline itself. `variant` is what its weights are named by, or None."""

    path: Path
    pipeline: str
    parts: Mapping[str, str]
    settings: Mapping[str, Mapping[str, Any]]
    variant: str | None = None
    size_bytes: int = 0
    left_out: frozenset[str] = field(default_factory=frozenset)

    def setting(self, part: str, name: str, default: Any = None) -> Any:
        """A setting of a part, or `default`."""
        value = self.settings.get(part, {}).get(name)
        return default if value is None else value


def is_pipeline(path: Path) -> bool:
    """Whether this is a folder that says of itself which pipeline it holds."""
    return (path / INDEX).is_file()


def inspect_folder(path: Path) -> StockFolder:
    """What the folder holds. Raises `ModelError` where it names foreign code, is not whole, or has pickles only."""
    index = read_settings(path / INDEX)
    pipeline = _class_of(path, index)
    parts = {name: _part_class(path, name, entry) for name, entry in index.items() if _is_part(name, entry)}
    here = {name: kind for name, kind in parts.items() if kind is not None}
    weighty = [name for name, kind in here.items() if not any(word in kind for word in WITHOUT_WEIGHTS)]
    variants = {variant_of(_folder_of(path, name)) for name in weighty}
    settings = {name: _settings_of(path / name) for name in here}
    own = {name: value for name, value in index.items() if not isinstance(value, list)}
    return StockFolder(
        path=path,
        pipeline=pipeline,
        parts=here,
        settings={**settings, "": own},
        variant=next((name for name in sorted(filter(None, variants))), None),
        size_bytes=sum(file.stat().st_size for name in weighty for file in (path / name).glob("*.safetensors")),
        left_out=frozenset(parts) - frozenset(here),
    )


def read_settings(file: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises `ModelError`."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"There is no {file}.", f"Give the folder that has {INDEX} in it.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{file} cannot be read.", AGAIN) from error
    if not isinstance(content, dict):
        raise ModelError(f"{file} is not a settings file.", AGAIN)
    return content


def _is_part(name: str, entry: Any) -> bool:
    return not name.startswith("_") and isinstance(entry, list) and len(entry) == 2


def _class_of(path: Path, index: Mapping[str, Any]) -> str:
    kind = index.get("_class_name")
    if not isinstance(kind, str) or index.get("_custom_pipeline") or index.get("custom_pipeline"):
        raise _foreign(path, "its pipeline")
    return kind


def _part_class(path: Path, name: str, entry: list[Any]) -> str | None:
    """The class of a part; None for one that was left out."""
    library, kind = entry
    if kind is None:
        return None
    if not isinstance(kind, str) or not isinstance(library, str) or not (library in LIBRARIES or is_room(library)):
        raise _foreign(path, f"its {name}")
    if (path / name / f"{library}.py").exists():
        raise _foreign(path, f"its {name}")
    return kind


def _foreign(path: Path, what: str) -> ModelError:
    return ModelError(
        f"{path} brings code of its own for {what}, and foreign code is never run.",
        "Look for a release of the model that diffusers can load as it stands.",
    )


def _folder_of(path: Path, name: str) -> Path:
    if not (path / name).is_dir():
        raise ModelError(f"{path} lacks its {name}: the download is not complete.", AGAIN)
    return path / name


def _settings_of(part: Path) -> Mapping[str, Any]:
    """The settings of a part with its own file for them; of tokenizers and the like nothing is asked."""
    names = ("config.json", "scheduler_config.json", "guider_config.json")
    file = next((part / name for name in names if (part / name).is_file()), None)
    return {} if file is None else read_settings(file)
