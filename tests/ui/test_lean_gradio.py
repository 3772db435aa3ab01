"""The studio starts without what it does not need of Gradio, and rests when nobody is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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

LOOKS = (
    STUDIO
    + """
page = next(route.app.blocks for route in server.routes if hasattr(getattr(route, "app", None), "blocks"))
print(page._queue.sleep_when_free, page._queue.progress_update_sleep_when_free)
"""
)


def run(program: str, data: Path) -> str:
    environment = {"STILLMOTION_DATA": str(data), "PATH": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_queue_of_events_rests_between_looks(tmp_path):
    looks = [float(each) for each in run(LOOKS, tmp_path).split()]
    assert all(each >= 0.02 for each in looks), "each look wakes the processor"
    assert looks[0] <= 0.1, "a click waits for the next look"


def test_a_studio_loads_no_tables_and_writes_nothing_into_the_installed_packages(tmp_path):
    program = STUDIO + "print('pandas.core' in sys.modules, create_or_modify_pyi(None, None, None))"
    assert run(program, tmp_path).split() == ["False", "None"]


def test_what_is_put_off_is_there_when_it_is_asked_for(tmp_path):
    program = STUDIO + "import pandas; print(pandas.DataFrame({'a': [1, 2]}).shape[0], 'pandas.core' in sys.modules)"
    assert run(program, tmp_path).split() == ["2", "True"]
