"""Which models there are, where they are, and what may be asked of them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ModelError, RequestError
from pipelines.families.svd.folder import HUB_FILES
from pipelines.loading import add, remove
from pipelines.machine import Gpu, data_folder
from pipelines.models import catalogue
from pipelines.models.asking import request_for
from pipelines.models.catalogue import add_local, default_model, find, location, models, named_models
from tests.tiny_svd import make_tiny_svd, release


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`svd` (14 frames), `xt` (25), `svd-xt-1-1` (25) and `other` (6)."""
    root = tmp_path_factory.mktemp("folders")
    for seed, (name, num_frames) in enumerate({"svd": 14, "xt": 25, "svd-xt-1-1": 25, "other": 6}.items()):
        make_tiny_svd(root / name, num_frames=num_frames, seed=seed)
    return root


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("STILLMOTION_SVD_PATH", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(catalogue, "gpus", lambda: ())
    yield


@pytest.fixture
def released(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first three are the releases, byte by byte."""
    for name, model in {"svd": "svd", "xt": "svd-xt", "svd-xt-1-1": "svd-xt-1-1"}.items():
        release(monkeypatch, folders / name, model)


def in_hub_cache(model: str, tmp_path: Path, files: tuple[str, ...] = HUB_FILES) -> Path:
    spec = find(model)
    folder = tmp_path / "hub" / f"models--{spec.repo}".replace("/", "--") / "snapshots" / str(spec.revision)
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_the_catalogue() -> None:
    specs = {spec.id: spec for spec in models()}
    assert list(specs)[:4] == ["pocket", "svd-xt", "svd", "svd-xt-1-1"]
    assert {spec.id for spec in models()[4:]} >= {"wan-2-2-ti2v-5b", "ltx-video", "ltx-2", "hunyuanvideo-1-5-i2v"}
    for spec in models()[1:]:
        assert spec.repo is not None
        assert spec.licence
        assert spec.licence_url.startswith("https://")
        # without a commit that could be verified nothing is fetched
        assert bool(spec.hub_files) == bool(re.fullmatch(r"[0-9a-f]{40}", str(spec.revision)))
    for spec in models()[1:4]:
        assert spec.revision is not None
        assert spec.licence_url.startswith(f"https://huggingface.co/{spec.repo}/")
        assert 4.4e9 < spec.size_bytes < 4.6e9
    assert specs["svd"].repo == "stabilityai/stable-video-diffusion-img2vid"
    assert specs["svd-xt"].repo == "stabilityai/stable-video-diffusion-img2vid-xt"
    assert specs["svd-xt-1-1"].repo == "stabilityai/stable-video-diffusion-img2vid-xt-1-1"
    assert [spec.id for spec in models() if spec.gated] == ["svd-xt-1-1"]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("pocket", {"num_frames": 85, "fps": 24, "num_inference_steps": 16, "max_guidance_scale": 1.5}),
        ("svd", {"num_frames": 14, "num_inference_steps": 25, "min_guidance_scale": 1.0, "max_guidance_scale": 2.5}),
        ("svd-xt", {"num_frames": 25, "num_inference_steps": 25, "min_guidance_scale": 1.5, "max_guidance_scale": 3.0}),
        ("svd-xt-1-1", {"num_frames": 25, "motion_bucket_id": 127, "fps": 7}),
    ],
)
def test_a_request_takes_the_defaults_of_its_model(model: str, expected: dict[str, Any]) -> None:
    request = request_for({"model": model, "seed": None, "width": 512})
    assert request.model == model
    assert request.width == 512
    assert {name: getattr(request, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("fields", "guidance"),
    [
        ({"model": "svd-xt", "max_guidance_scale": 1.0}, (1.0, 1.0)),
        ({"model": "svd-xt", "min_guidance_scale": 4}, (4.0, 4.0)),
        ({"model": "pocket", "max_guidance_scale": 1.0}, (1.0, 1.0)),
        ({"model": "pocket", "min_guidance_scale": 9.0}, (1.5, 1.5)),
    ],
)
def test_a_default_gives_way_to_what_was_asked(fields: dict[str, Any], guidance: tuple[float, float]) -> None:
    request = request_for(fields)
    assert (request.min_guidance_scale, request.max_guidance_scale) == guidance


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model": "svd", "num_frames": 25}, "makes at most 14 frames. Set num_frames to 14 or less."),
        ({"model": "svd", "width": 2048, "height": 2048}, "2048x2048 is too large for .* Choose 1536x1536 or less."),
        ({"model": "svd-xt", "min_guidance_scale": 3, "max_guidance_scale": 2}, "above the last frame's"),
        ({"model": "svd-xt", "max_guidance_scale": "much"}, "max_guidance_scale cannot be much. It must be between"),
        ({"model": "pocket", "width": 100}, "width cannot be 100"),
        ({"model": "svd-xt", "speed": "turbo"}, "Turbo needs distilled weights, and those of .* are not. Choose fast"),
        ({"model": "svd", "direction": {"calm": ["water"]}}, "does not follow which kinds of things keep calm"),
        ({"model": "pocket", "haste": 1}, "There is no control called haste"),
    ],
)
def test_what_a_model_cannot_follow_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        request_for(fields)


def test_stable_video_diffusion_follows_what_a_draft_can_show() -> None:
    said = {
        "camera": {"keys": [{}, {"t": 1, "zoom": 1.2}]},
        "regions": [{"outlines": [[[0, 0], [500, 0], [500, 500]]], "do": "move", "path": [[200, 200], [400, 200]]}],
        "arrows": [{"path": [[0, 0], [900, 0]]}],
        "anchors": [[500, 500]],
        "only": True,
    }
    assert request_for({"model": "svd-xt", "direction": said}).direction.parts == set(said)


def test_pocket_goes_to_its_limits() -> None:
    assert request_for({"model": "pocket", "num_frames": 120, "width": 2048, "height": 2048}).num_frames == 120


@pytest.mark.parametrize("model", ["nonsense", 5, ["svd"], "x" * 5000, "~nobody-here", "a\0b"])
def test_an_unknown_model_is_named_with_those_there_are(model: object) -> None:
    with pytest.raises(
        ModelError, match=r"There is no model called .* The models are: pocket, svd-xt, svd, svd-xt-1-1"
    ):
        request_for({"model": model})


def test_a_folder_can_be_asked_for_by_its_path(folders: Path) -> None:
    spec = find(str(folders / "other"))
    assert (spec.max_frames, spec.repo, location(spec)) == (6, None, folders / "other")
    assert request_for({"model": str(folders / "other")}, find).num_frames == 6
    assert "other" not in {spec.id for spec in models()}


def test_a_stranger_names_models_by_their_ids_alone(folders: Path) -> None:
    for model in (str(folders / "other"), str(folders), "/", "."):
        with pytest.raises(ModelError, match="There is no model called"):
            request_for({"model": model})


@pytest.mark.usefixtures("released")
def test_an_added_release_is_the_place_of_that_release(folders: Path) -> None:
    for name, model in {"svd": "svd", "svd-xt-1-1": "svd-xt-1-1", "xt": "svd-xt"}.items():
        spec = add_local(folders / name)
        assert (spec.id, location(spec)) == (model, folders / name)
        assert spec == find(model)
    # whoever adds it again changes nothing
    assert add_local(folders / "xt").id == "svd-xt"
    assert len(models()) == len(named_models())


def test_what_is_no_release_takes_neither_its_place_nor_its_licence(folders: Path) -> None:
    """Made like XT, and called like it: only its weights would tell."""
    spec = add_local(folders / "svd-xt-1-1")
    assert (spec.id, spec.max_frames, spec.licence) == ("svd-xt-1-1-2", 25, "not known")
    theirs = find("svd-xt-1-1")
    assert (location(theirs), theirs.licence) == (None, "Stability AI Community License")
    assert theirs.repo is not None, "it can still be fetched"


def test_what_was_added_can_be_forgotten(folders: Path) -> None:
    add(folders / "other")
    assert remove("other") == f"other is forgotten. Its files stay in {folders / 'other'}."
    assert "other" not in {spec.id for spec in models()}
    assert (folders / "other" / "model_index.json").is_file()
    with pytest.raises(ModelError, match=r"No model was added as other\. What was added: none\."):
        remove("other")
    with pytest.raises(ModelError, match="No model was added as pocket"):
        remove("pocket")


@pytest.mark.usefixtures("released")
def test_more_folders_get_ids_of_their_own(folders: Path, tmp_path: Path) -> None:
    add_local(folders / "xt")
    tune = Path(shutil.copytree(folders / "xt", tmp_path / "My Tune!"))
    assert [add_local(tune).id, add_local(tune).id] == ["my-tune", "my-tune"]
    assert add_local(folders / "other").id == "other"
    spec = find("my-tune")
    assert (spec.name, spec.path, spec.gated) == ("My Tune!", tune, False)
    assert spec.size_bytes > 0
    shutil.rmtree(tune)
    assert location(find("my-tune")) is None
    assert [spec.id for spec in models()][len(named_models()) :] == ["my-tune", "other"]


def test_a_pickle_folder_is_not_added(folders: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folders / "xt", tmp_path / "pickles"))
    for file in folder.rglob("*.safetensors"):
        file.rename(file.with_suffix(".bin"))
    with pytest.raises(ModelError, match="are pickles"):
        add_local(folder)
    assert not data_folder().exists()


def test_a_damaged_list_of_added_models_is_named() -> None:
    data_folder().mkdir(parents=True)
    (data_folder() / "models.json").write_text('[{"id": 1}]')
    with pytest.raises(ModelError, match=r"models\.json cannot be read\. Delete it"):
        models()


@pytest.mark.usefixtures("released")
def test_the_environment_names_a_folder(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLMOTION_SVD_PATH", str(folders / "svd"))
    assert location(find("svd")) == folders / "svd"
    monkeypatch.setenv("STILLMOTION_SVD_PATH", str(folders / "other"))
    add_local(folders / "other")
    assert [spec.id for spec in models()][len(named_models()) :] == ["other"]
    monkeypatch.setenv("STILLMOTION_SVD_PATH", str(folders / "nowhere"))
    assert location(find("svd")) is None


def test_a_complete_snapshot_is_a_place_and_half_a_one_is_not(tmp_path: Path) -> None:
    in_hub_cache("svd", tmp_path, HUB_FILES[:-1])
    assert location(find("svd")) is None
    folder = in_hub_cache("svd", tmp_path)
    assert location(find("svd")) == folder


def test_the_default_is_svd_only_with_a_gpu_and_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_hub_cache("svd", tmp_path)
    assert default_model() == "pocket"
    monkeypatch.setattr(catalogue, "gpus", lambda: (Gpu("NVIDIA", 24 * 2**30),))
    assert default_model() == "svd"
    in_hub_cache("svd-xt", tmp_path)
    assert default_model() == "svd-xt"
    assert request_for({}).model == "svd-xt"


def test_pocket_is_where_it_was_built_in() -> None:
    folder = Path(catalogue.__file__).parents[2] / "assets" / "models" / "pocket"
    assert location(find("pocket")) == folder
    assert find("pocket").size_bytes == (folder / "denoiser.safetensors").stat().st_size


def test_the_page_may_import_it_without_torch() -> None:
    code = (
        "import sys, pipelines.models.asking as a, pipelines.models.catalogue as c, pipelines.models.hub;"
        "[a.fits(spec, a.request_for({'model': spec.id})) for spec in c.models()];"
        "sys.exit(any(name in sys.modules for name in ('torch', 'diffusers', 'transformers')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_speed_brings_its_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path))
    assert request_for({"model": "svd-xt", "speed": "fast"}).num_inference_steps == 10
    assert request_for({"model": "svd-xt", "speed": "fast", "num_inference_steps": 12}).num_inference_steps == 12
    assert request_for({"model": "svd-xt", "speed": "exact"}).num_inference_steps == 25
    folder = make_tiny_svd(tmp_path / "animatelcm", num_frames=25)
    assert request_for({"model": str(folder), "speed": "turbo"}, find).num_inference_steps == 4
