"""C2PA's own reader believes what we put in, and notices when the file was changed."""

import json
import stat
import threading
from contextlib import suppress

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from PIL import Image

from jobs.exports import CREDENTIAL_BYTES
from media import provenance
from media.clip import write_clip
from media.provenance import SOURCE_TYPE, credential_in, sign
from media.recipe import read_recipe
from pipelines.request import MotionRequest
from tests.jobs.watching import in_threads
from tests.media.clips import chunked, moving_frames, spec_of
from tests.media.export.test_export import exported

TYPES = {"mp4": "video/mp4", "webp": "image/webp", "apng": "image/png"}


@pytest.fixture(scope="module")
def credential(tmp_path_factory):
    return credential_in(tmp_path_factory.mktemp("keys"))


@pytest.fixture(params=TYPES)
def signed(request, tmp_path, credential):
    path = exported(tmp_path, request.param, 5)
    sign(path, credential, "Otters", {"seed": 7})
    return path, TYPES[request.param], request.param


def state_of(path, media_type):
    with path.open("rb") as file, c2pa.Reader(media_type, file) as reader:
        return reader.get_validation_state(), json.loads(reader.json())


def test_the_reader_finds_a_valid_statement_that_a_model_made_it(signed):
    path, media_type, _ = signed
    state, told = state_of(path, media_type)
    assert state == "Valid"
    manifest = told["manifests"][told["active_manifest"]]
    [actions] = [each["data"]["actions"] for each in manifest["assertions"] if each["label"].startswith("c2pa.actions")]
    assert actions[0]["action"] == "c2pa.created"
    assert actions[0]["digitalSourceType"] == SOURCE_TYPE
    assert manifest["title"] == "Otters"


def test_a_statement_is_small(tmp_path, credential):
    """Who wants a file of 100 kB gets one."""
    path = exported(tmp_path, "webp", 5, size=(640, 384))
    before = path.stat().st_size
    sign(path, credential, "Otters", MotionRequest().model_dump())
    assert path.stat().st_size - before < CREDENTIAL_BYTES


def test_the_frames_and_the_recipe_are_still_there(signed):
    path, _, name = signed
    assert read_recipe(path)["request"]["seed"] == 7
    if name != "mp4":
        with Image.open(path) as picture:
            assert picture.n_frames == 5


def test_a_signed_clip_still_passes_its_probe(tmp_path, credential):
    from media.probe import probe_clip, verify

    frames = moving_frames(5, 64, 64)
    write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames))
    sign(tmp_path / "clip.mp4", credential)
    verify(probe_clip(tmp_path / "clip.mp4"), spec_of(frames))


def test_a_changed_file_is_noticed(signed):
    path, media_type, _ = signed
    content = bytearray(path.read_bytes())
    middle = len(content) * 2 // 3 if media_type != "image/png" else len(content) - 200
    content[middle] ^= 0xFF
    path.write_bytes(content)
    assert state_of(path, media_type)[0] == "Invalid"


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path):
    first, again = credential_in(tmp_path / "keys"), credential_in(tmp_path / "keys")
    assert first == again
    assert first.key != credential_in(tmp_path / "others").key
    assert stat.S_IMODE((tmp_path / "keys" / "signing.pem").stat().st_mode) == 0o600


def test_those_who_come_first_together_get_one_key_and_its_certificate(tmp_path, monkeypatch):
    real, barrier = provenance._new_credential, threading.Barrier(4)

    def slow():
        made = real()
        # with a lock nobody else gets here, and the wait ends by itself
        with suppress(threading.BrokenBarrierError):
            barrier.wait(0.5)
        return made

    monkeypatch.setattr(provenance, "_new_credential", slow)
    found = in_threads(4, lambda _: credential_in(tmp_path / "keys"))
    assert len({each.key for each in found}) == len({each.chain for each in found}) == 1
    key = load_pem_private_key(found[0].key, None)
    assert x509.load_pem_x509_certificate(found[0].chain).public_key() == key.public_key()
