"""The studio starts without what it does not need of Gradio, and rests when nobody is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

STUDIO = """
import sys
from ui.lean_gradio import prepare
prepare()
import gradio
from gradio.component_meta import create_or_modify_pyi
from ui.server import build_server
import app
server = build_server(app._backstage())
"""

ANSWERS = (
    STUDIO
    + """
import json
page = next(route.app.blocks for route in server.routes if hasattr(getattr(route, "app", None), "blocks"))
told = {
    "looks": [page._queue.sleep_when_free, page._queue.progress_update_sleep_when_free],
    "tables before": "pandas.core" in sys.modules,
    "stubs": create_or_modify_pyi(None, None, None),
}
import pandas
told |= {"rows": pandas.DataFrame({"a": [1, 2]}).shape[0], "tables": "pandas.core" in sys.modules}
print(json.dumps(told))
"""
)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What one studio tells of itself, and then of what was put off."""
    environment = {"STILLMOTION_DATA": str(tmp_path_factory.mktemp("lean")), "PATH": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", ANSWERS], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_queue_of_events_rests_between_looks(told):
    looks = told["looks"]
    assert all(each >= 0.02 for each in looks), "each look wakes the processor"
    assert looks[0] <= 0.1, "a click waits for the next look"


def test_a_studio_loads_no_tables_and_writes_nothing_into_the_installed_packages(told):
    assert (told["tables before"], told["stubs"]) == (False, None)


def test_what_is_put_off_is_there_when_it_is_asked_for(told):
    assert (told["rows"], told["tables"]) == (2, True)
