"""The list of added models under many hands, files that are somebody's joke, and GPUs that know no float64."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from pipelines.errors import ModelError
from pipelines.families.svd.network.blocks import spatial_share
from pipelines.families.svd.single_file import read_header
from pipelines.models.added import Added, remember, remembered


def test_all_that_are_added_at_once_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path / "data"))

    def add(number: int) -> None:
        for index in range(10):
            remember(Added("model", str(tmp_path / f"model {number} {index}"), "svd"), ())

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({known.id for known in remembered()}) == 80
    assert {path.name for path in (tmp_path / "data").iterdir()} <= {"models.json", "models.json.lock"}


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a": {"shape": [1e999], "data_offsets": [0, 1]}}',
        b'{"a": {"shape": [1], "data_offsets": [0, Infinity]}}',
    ],
)
def test_a_header_that_is_a_joke_is_refused_in_words(tmp_path: Path, header: bytes) -> None:
    file = tmp_path / "joke.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelError, match="is no safetensors file, or a damaged one"):
        read_header(file)


def test_settings_of_a_lora_that_are_a_joke_are_refused_in_words(tmp_path: Path) -> None:
    from pipelines.families.svd.fitting import ADAPTER, _alpha_of_all
    from pipelines.families.svd.single_file import Header

    for joke in ("[" * 100_000, json.dumps({"lora_alpha": [1]})):
        with pytest.raises(ModelError, match="cannot be read"):
            _alpha_of_all(tmp_path / "joke.safetensors", Header({}, {ADAPTER: joke}))


class OnMps:
    """A weight on a device that has no float64, as Apple's."""

    def __init__(self, value: float) -> None:
        self._value = value

    def detach(self) -> OnMps:
        return self

    def float(self) -> OnMps:
        return self

    def double(self) -> None:
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64.")

    def cpu(self) -> torch.Tensor:
        return torch.tensor(self._value)


def test_no_float64_is_made_on_the_device() -> None:
    mixer = SimpleNamespace(mix_factor=OnMps(0.0), switch_spatial_to_temporal_mix=False)
    assert spatial_share(mixer) == 0.5
