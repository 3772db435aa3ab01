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


def test_the_rest_examples_work_as_one_script(server: Server, desk: Path) -> None:
    [text] = blocks("sh")
    told = shell(text.replace(ADDRESS, server.url), desk)
    assert '"state":"done"' in told
    assert (desk / "clip.mp4").read_bytes()[4:8] == b"ftyp"
    assert (desk / "clip.gif").read_bytes()[:4] == b"GIF8"
    assert (desk / "small.gif").stat().st_size <= 8_000_000
    assert "/c/" in told and '"pocket"' in told


def test_a_program_with_a_cookie_has_a_library_of_its_own(server: Server, desk: Path) -> None:
    [command] = re.findall(r"`(curl -sf -c jar .*?)`", PROGRAMS)
    shell(command.replace(ADDRESS, server.url), desk)
    made = shell(f"curl -sf -b jar -F still=@photo.jpg {server.url}/animate", desk)
    cancel = f"curl -s -o told -w '%{{http_code}}' -X POST {server.url}/jobs/{json.loads(made)['id']}/cancel"
    assert (shell(cancel, desk), shell(f"{cancel} -b jar", desk)) == ("403", "200")


def test_the_command_line_works(desk: Path) -> None:
    [text] = blocks("console")
    program = text.replace("python app.py", f"{sys.executable} {ROOT / 'app.py'}")
    assert json.loads(shell(program, desk))["seed"] == 7
    assert (desk / "clip.mp4").read_bytes()[4:8] == b"ftyp"


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
