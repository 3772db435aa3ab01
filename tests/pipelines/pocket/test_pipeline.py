"""The shipped folder is a diffusers pipeline, small, and safe to open."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from diffusers import EDMDPMSolverMultistepScheduler

import pipelines
from pipelines.catalogue import POCKET_FOLDER
from pipelines.errors import ModelError
from pipelines.pocket.animator import PocketAnimator
from pipelines.pocket.pipeline import PocketPipeline, save_denoiser
from pipelines.pocket.sampling import new_scheduler
from pipelines.pocket.weights import open_denoiser

MOST_BYTES = 20_000_000
"""What the built-in model may add to the repository."""


def test_from_pretrained_opens_the_shipped_folder(animator):
    opened = PocketPipeline.from_pretrained(POCKET_FOLDER)
    here, there = animator.denoiser.state_dict(), opened.denoiser.state_dict()
    assert here.keys() == there.keys()
    assert all(torch.equal(here[key], there[key]) for key in here)
    assert isinstance(opened.scheduler, EDMDPMSolverMultistepScheduler)
    ours = new_scheduler()
    for scheduler in (ours, opened.scheduler):
        scheduler.set_timesteps(16)
    assert torch.equal(ours.sigmas, opened.scheduler.sigmas)
    assert ours.config.prediction_type == opened.scheduler.config.prediction_type


def test_a_saved_network_opens_again(animator, tmp_path):
    save_denoiser(animator.denoiser, tmp_path)
    again = open_denoiser(tmp_path)
    assert torch.equal(again.seen.weight, animator.denoiser.seen.weight)
    assert torch.equal(again.scale, animator.denoiser.scale)


def test_the_shipped_folder_holds_safetensors_only_and_is_small():
    files = [file for file in POCKET_FOLDER.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} <= {".safetensors", ".json", ".md"}
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    parts = json.loads((POCKET_FOLDER / "model_index.json").read_text())
    assert {"denoiser", "scheduler"} <= parts.keys()


def test_it_is_loaded_by_its_name(animator):
    assert isinstance(pipelines.load("pocket"), PocketAnimator)


def test_a_folder_with_a_part_missing_says_so(tmp_path, monkeypatch):
    broken = shutil.copytree(POCKET_FOLDER, tmp_path / "pocket")
    shutil.rmtree(broken / "denoiser")
    with pytest.raises(OSError, match=r"config\.json"):
        open_denoiser(broken)
    monkeypatch.setattr("pipelines.loading.location", lambda spec: broken)
    with pytest.raises(ModelError, match="damaged or missing"):
        pipelines.load("pocket")
