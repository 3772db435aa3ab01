"""What a folder must hold to be loaded as Stable Video Diffusion. Knows no torch: nothing of the folder is run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import ModelError

PIPELINE = "StableVideoDiffusionPipeline"

XT_1_1 = re.compile(r"xt[-_.]1[-_.]1(?!\d)")
"""How the name of XT 1.1 is written; XT has the same settings and shapes, so that only names tell them apart."""

PARTS = {
    "feature_extractor": {"CLIPImageProcessor", "CLIPImageProcessorFast", "CLIPImageProcessorPil"},
    "image_encoder": {"CLIPVisionModelWithProjection"},
    "scheduler": {"EulerDiscreteScheduler"},
    "unet": {"UNetSpatioTemporalConditionModel"},
    "vae": {"AutoencoderKLTemporalDecoder"},
}
"""The classes that each part may name. Any other class in `model_index.json` would be somebody's own code."""

LIBRARIES = {"diffusers", "transformers"}

WEIGHTS = {
    "image_encoder": "model",
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
}
"""The parts that have weights, and how diffusers names their files."""

SAMPLER: dict[str, Any] = {
    "prediction_type": "v_prediction",
    "use_karras_sigmas": True,
    "sigma_min": 0.002,
    "sigma_max": 700.0,
    "timestep_type": "continuous",
    "timestep_spacing": "leading",
    "final_sigmas_type": "zero",
    "use_exponential_sigmas": False,
    "use_beta_sigmas": False,
}
"""What a scheduler of the releases is set to, as far as it changes a clip: our sampler is that one."""

UNSAID: dict[str, Any] = {
    "prediction_type": "epsilon",
    "use_karras_sigmas": False,
    "sigma_min": None,
    "sigma_max": None,
    "timestep_type": "discrete",
    "timestep_spacing": "linspace",
}
"""What `EulerDiscreteScheduler` takes where its settings do not say; for the others, what the releases have."""

HUB_FILES = (
    "model_index.json",
    "feature_extractor/preprocessor_config.json",
    "image_encoder/config.json",
    "image_encoder/model.fp16.safetensors",
    "scheduler/scheduler_config.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.fp16.safetensors",
)
"""All that a download takes, and all that it needs: settings as JSON, weights as safetensors, nothing that can run."""


@dataclass(frozen=True)
class SvdFolder:
    """A folder, or a single file, that has passed.

    `num_frames` is what it was trained on, `variant` what its weights are named by, or None.
    """

    path: Path
    num_frames: int
    variant: str | None


def inspect_folder(path: Path) -> SvdFolder:
    """Reads the settings of a diffusers folder of Stable Video Diffusion; opens no weights.

    Raises `ModelError` where it is not one, names foreign code, or has its weights as pickles (`.bin`, `.ckpt`) only:
    a pickle runs whatever its author put into it.
    """
    _check_index(path)
    _check_sampler(path / "scheduler" / "scheduler_config.json")
    variant = "fp16" if _has_weights(path, ".fp16.safetensors") else None
    if variant is None and not _has_weights(path, ".safetensors"):
        raise _no_safetensors(path)
    num_frames = _read_json(path / "unet" / "config.json").get("num_frames")
    if not isinstance(num_frames, int):
        raise ModelError(f"{path / 'unet' / 'config.json'} does not say num_frames.", "Download the model again.")
    return SvdFolder(path, num_frames, variant)


def weight_files(folder: SvdFolder) -> list[Path]:
    """The files that its weights are read from; none where they are in shards."""
    if folder.path.is_file():
        return [folder.path]
    ending = ".safetensors" if folder.variant is None else f".{folder.variant}.safetensors"
    files = [folder.path / part / f"{name}{ending}" for part, name in WEIGHTS.items()]
    return files if all(file.is_file() for file in files) else []


def is_svd(path: Path) -> bool:
    """Whether a folder says that it is one, right or not."""
    try:
        return bool(_read_json(path / "model_index.json").get("_class_name") == PIPELINE)
    except ModelError:
        return False


def _check_index(path: Path) -> None:
    index = _read_json(path / "model_index.json")
    if index.get("_class_name") != PIPELINE:
        raise ModelError(
            f"{path} holds a {index.get('_class_name')}, not Stable Video Diffusion.",
            f"Give a folder whose model_index.json says {PIPELINE}.",
        )
    for part, classes in PARTS.items():
        entry = index.get(part)
        if not isinstance(entry, list) or len(entry) != 2 or entry[0] not in LIBRARIES or entry[1] not in classes:
            raise ModelError(
                f"The {part} of {path} is not the one of Stable Video Diffusion, and foreign code is never run.",
                "Give an unchanged download of one of the releases.",
            )


def _check_sampler(file: Path) -> None:
    settings = SAMPLER | UNSAID | _read_json(file)
    for name, wanted in SAMPLER.items():
        if settings[name] != wanted:
            raise ModelError(
                f"{file} says {name} {settings[name]}, and this model is sampled with {wanted} alone: its clips would"
                " be others than its makers'.",
                "Give a model that keeps the scheduler of the releases.",
            )


def _has_weights(path: Path, ending: str) -> bool:
    """Single files or shards (`name-00001-of-00002`), which diffusers finds by the index beside them."""
    return all(
        (path / part / f"{name}{ending}").is_file() or any((path / part).glob(f"{name}*-of-*.safetensors"))
        for part, name in WEIGHTS.items()
    )


def _no_safetensors(path: Path) -> ModelError:
    pickles = sorted(file.name for pattern in ("*.bin", "*.ckpt", "*.pt", "*.pth") for file in path.rglob(pattern))
    if pickles:
        return ModelError(
            f"The weights in {path} are pickles ({pickles[0]}), which can run any code when they are opened.",
            "Download the .safetensors files of the model instead.",
        )
    missing = [part for part in WEIGHTS if not any((path / part).glob("*.safetensors"))]
    return ModelError(
        f"{path} has no .safetensors file for {', '.join(missing) or 'all of its parts'}.", "Download it again."
    )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"There is no {file}.", "Give the folder that has model_index.json in it.") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read.", "Download the model again.") from error
    if not isinstance(content, dict):
        raise ModelError(f"{file} is not a settings file.", "Download the model again.")
    return content
