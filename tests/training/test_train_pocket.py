"""A run of a few steps: it learns, it is saved, it goes on where it stopped."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from pipelines.pocket.denoiser import CUES, EYES, FEATURES
from pipelines.pocket.pipeline import PocketPipeline
from tests.training.scenery import photo
from training import fit_codec, train_pocket
from training.checkpoint import Run, open_run, save_run, trained
from training.scenes import SceneMaker
from training.train_pocket import (
    COOL_DOWN,
    PEAK_RATE,
    WARM_UP,
    Pool,
    learning_rate,
    look,
    loss_of,
    make_batch,
    train_step,
)

SHIPPED_STILLS = Path(__file__).parents[2] / "assets" / "stills"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Little of everything, and the same every time."""
    monkeypatch.setattr(fit_codec, "PCA_SCENES", 6)
    monkeypatch.setattr(fit_codec, "SPECTRUM_SCENES", 6)
    monkeypatch.setattr(train_pocket, "BATCH", 4)
    monkeypatch.setattr(train_pocket, "FRESH_PER_STEP", 2)
    random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def maker() -> SceneMaker:
    return SceneMaker([photo(seed=seed) for seed in range(3)])


def few_steps(run: Run, maker: SceneMaker, steps: int) -> list[float]:
    pools = [Pool(maker, (18, 32))] * 3
    return [train_step(run, pools, 0.0) for _ in range(steps)]


def weights_of(networks):
    return [weight.detach().clone() for weight in trained(networks)]


def test_a_run_goes_on_where_it_stopped(maker, tmp_path):
    run = open_run(tmp_path, maker)
    few_steps(run, maker, 3)
    save_run(run)
    again = open_run(tmp_path, maker)
    assert again.step == 3
    assert again.optimizer.state_dict()["state"].keys() == run.optimizer.state_dict()["state"].keys()
    for before, after in ((run.networks, again.networks), (run.averaged, again.averaged)):
        assert all(map(torch.equal, weights_of(before), weights_of(after)))
    few_steps(again, maker, 1)
    assert again.step == 4
    assert not all(map(torch.equal, weights_of(run.networks), weights_of(again.networks)))


def test_a_run_learns_and_its_average_follows(maker, tmp_path, monkeypatch):
    monkeypatch.setattr(train_pocket, "WARM_UP", 1)
    run = open_run(tmp_path, maker)
    batch = make_batch([maker.draw(18, 32) for _ in range(24)], run.networks)
    before, start = error_of(run.networks, batch), weights_of(run.averaged)
    few_steps(run, maker, 15)
    assert error_of(run.networks, batch) < 0.9 * before
    assert error_of(run.averaged, batch) < before
    assert not all(map(torch.equal, weights_of(run.averaged), start))
    assert not any(weight.requires_grad for weight in trained(run.averaged))


@torch.no_grad()
def error_of(networks, batch) -> float:
    """The loss with the same noise every time."""
    torch.manual_seed(9)
    return float(sum(loss_of(networks, batch) for _ in range(3)))


def test_a_stop_in_the_middle_of_saving_keeps_the_last_checkpoint(maker, tmp_path, monkeypatch):
    run = open_run(tmp_path, maker)
    few_steps(run, maker, 1)
    save_run(run)
    few_steps(run, maker, 1)

    def no_room(*args):
        raise OSError

    monkeypatch.setattr(torch, "save", no_room)
    with pytest.raises(OSError):
        save_run(run)
    assert open_run(tmp_path, maker).step == 1


def test_the_average_is_a_pipeline_that_the_studio_opens(maker, tmp_path):
    save_run(open_run(tmp_path, maker))
    opened = PocketPipeline.from_pretrained(tmp_path / "averaged")
    assert opened.unet.config.in_channels == opened.codec.channels + FEATURES + CUES


def test_a_fitted_codec_has_unit_latents(maker, monkeypatch):
    monkeypatch.setattr(fit_codec, "PCA_SCENES", 30)
    monkeypatch.setattr(fit_codec, "SPECTRUM_SCENES", 30)
    codec = fit_codec.fit_codec(maker)
    latents = codec.encode(torch.stack([maker.draw(18, 32).layers for _ in range(60)]))
    assert 0.6 < latents[:, :2].std() < 1.5
    assert latents.std() < 1.5


def test_batches_are_what_the_networks_want(maker, tmp_path):
    run = open_run(tmp_path, maker)
    batch = make_batch([maker.draw(18, 32) for _ in range(5)], run.networks)
    assert batch.eyes.shape == (5, EYES, 144, 256)
    assert batch.latents.shape == (5, run.networks.codec.channels, 9, 16)
    assert batch.controls.shape == (5, 3)
    assert torch.isfinite(batch.latents).all()


def test_looking_can_be_measured_during_training(maker, tmp_path):
    seen = look(open_run(tmp_path, maker), [maker.draw(18, 32) for _ in range(3)], seeds=1)
    assert 0 <= seen.own <= 1
    assert seen.ratio > 0


def test_the_learning_rate_rises_holds_and_falls_to_nothing():
    assert learning_rate(0, 0.0) == pytest.approx(PEAK_RATE / WARM_UP)
    assert learning_rate(WARM_UP, 1 - COOL_DOWN) == pytest.approx(PEAK_RATE)
    falling = [learning_rate(9999, share) for share in (0.7, 0.8, 0.9, 1.0)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == pytest.approx(0, abs=1e-9)
    assert learning_rate(9999, 1.5) == pytest.approx(0, abs=1e-9)


def command() -> typer.Typer:
    app = typer.Typer()
    app.command()(train_pocket.main)
    return app


@pytest.fixture
def few_stills(tmp_path) -> Path:
    """Two of the shipped stills in a folder of their own."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("cat.jpg", "otters.jpg"):
        shutil.copy(SHIPPED_STILLS / name, folder)
    return folder


def test_training_from_the_command_line(few_stills, tmp_path, monkeypatch):
    monkeypatch.setattr(train_pocket, "held_out_scenes", lambda maker, count: [])
    budget = ["--minutes", "0.02", "--run", str(tmp_path / "run"), "--hold-out", "cat*"]
    done = CliRunner().invoke(command(), [str(few_stills), *budget])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "run" / "averaged" / "model_index.json").exists()
    assert torch.load(tmp_path / "run" / "state.pt", weights_only=True)["step"] >= 1


@pytest.mark.parametrize("hold_out", ["*", "none"])
def test_a_split_with_nothing_on_one_side_says_so(few_stills, tmp_path, hold_out):
    done = CliRunner().invoke(command(), [str(few_stills), "--run", str(tmp_path / "run"), "--hold-out", hold_out])
    assert done.exit_code == 2
    assert "Some photos must train" in done.output
    assert not (tmp_path / "run").exists()


def test_a_folder_without_photos_says_so(tmp_path):
    done = CliRunner().invoke(command(), [str(tmp_path), "--minutes", "0.01", "--run", str(tmp_path / "run")])
    assert done.exit_code != 0
    assert isinstance(done.exception, FileNotFoundError)
    assert "There are no photos in" in str(done.exception)
    assert not (tmp_path / "run").exists()
