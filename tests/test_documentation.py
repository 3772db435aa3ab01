"""What the documentation tells programs to do works as it stands there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Server
from tests.jobs.watching import holds_within

PROGRAMS = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")

ADDRESS = "http://127.0.0.1:7860"


def blocks(language: str) -> list[str]:
    """The examples in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PROGRAMS, re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a picture, as the examples expect."""
    shutil.copy(ROOT / "assets" / "stills" / "otters.jpg", tmp_path / "photo.jpg")
    return tmp_path


def shell(command: str, desk: Path, **variables: str) -> str:
    done = subprocess.run(
        ["bash", "-ec", command], cwd=desk, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def test_the_rest_examples_work_in_their_order(server: Server, desk: Path) -> None:
    [text] = blocks("sh")
    hand_in, look, clips, link, models = re.split(r"\n\n", text.replace(ADDRESS, server.url).strip())
    job = json.loads(shell(hand_in, desk))["id"]
    assert holds_within(90, lambda: json.loads(shell(look, desk, JOB=job))["state"] == "done")
    shell(clips, desk, JOB=job)
    assert (desk / "clip.mp4").read_bytes()[4:8] == b"ftyp"
    assert (desk / "clip.gif").read_bytes()[:4] == b"GIF8"
    assert "/c/" in json.loads(shell(link, desk, JOB=job))["address"]
    assert "pocket" in shell(models, desk)


def test_the_python_example_works(server: Server, desk: Path) -> None:
    [text] = blocks("python")
    program = text.replace(ADDRESS, server.url)
    done = subprocess.run([sys.executable, "-c", program], cwd=desk, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).suffix == ".webp"


def test_the_address_for_assistants_is_the_one_that_answers(server: Server) -> None:
    import httpx

    [text] = blocks("json")
    address = json.loads(text)["mcpServers"]["stillmotion"]["url"].replace(ADDRESS, server.url)
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "a test", "version": "1"},
        },
    }
    answer = httpx.post(address, json=hello, headers={"accept": "application/json, text/event-stream"}, timeout=30)
    assert answer.status_code == 200
    assert "serverInfo" in answer.text
