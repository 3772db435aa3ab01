"""The shipped folder is small, safe to open, and quick to."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
import torch

import pipelines
from pipelines.errors import ModelError
from pipelines.families.pocket.animator import PocketAnimator
from pipelines.families.pocket.face import FOLDER
from pipelines.families.pocket.weights import FILE, open_denoiser, save_denoiser

MOST_BYTES = 20_000_000
"""What the built-in model may add to the repository."""

SLOW_TO_IMPORT = ("diffusers", "transformers", "accelerate", "torch._dynamo")
"""Six seconds of a core and 200 MB, before the first clip."""


def test_a_saved_network_opens_again(animator, tmp_path):
    save_denoiser(animator.denoiser, tmp_path)
    again = open_denoiser(tmp_path).state_dict()
    here = animator.denoiser.state_dict()
    assert here.keys() == again.keys()
    assert all(torch.equal(here[key], again[key]) for key in here)


def test_the_shipped_folder_holds_safetensors_only_and_is_small():
    files = [file for file in FOLDER.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} <= {".safetensors", ".md"}
    assert sum(file.stat().st_size for file in files) < MOST_BYTES


def test_it_is_loaded_by_its_name_without_what_only_other_families_need():
    program = (
        f"import sys, pipelines; pipelines.load('pocket'); print([m for m in {SLOW_TO_IMPORT} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert isinstance(pipelines.load("pocket"), PocketAnimator)


@pytest.mark.parametrize("harm", ["missing", "cut off", "of another network"])
def test_damaged_weights_say_so_and_no_other_model_takes_their_place(harm, tmp_path, monkeypatch):
    broken = shutil.copytree(FOLDER, tmp_path / "pocket")
    file = broken / FILE
    whole = file.read_bytes()
    file.unlink()
    if harm == "cut off":
        file.write_bytes(whole[: len(whole) // 2])
    if harm == "of another network":
        shutil.copy(FOLDER.parent / "eyes" / "eyes.safetensors", file)
    monkeypatch.setattr("pipelines.models.catalogue.location", lambda spec: broken)
    with pytest.raises(ModelError, match="damaged or missing"):
        pipelines.load("pocket")
