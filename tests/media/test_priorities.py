"""No encoder makes the studio more important than everything else on the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

ENCODES = """
import os, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from media.spec import ClipSpec
from media.video import AV1, H264, VP9, write_video

def policies():
    return {os.sched_getscheduler(int(task)) for task in os.listdir("/proc/self/task")}

def frames():
    for _ in range(3):
        seen.update(policies())
        yield np.zeros((64, 64, 3), np.uint8)

seen = set()
spec = ClipSpec(64, 64, 3, Fraction(25))
write_video(Path(sys.argv[1]), frames(), spec, {"AV1": AV1, "H264": H264, "VP9": VP9}[sys.argv[2]])
print(seen | policies())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such policies")
@pytest.mark.parametrize("kind", ["H264", "VP9", "AV1"])
def test_a_process_that_writes_a_video_keeps_its_priority(tmp_path: Path, kind: str) -> None:
    # in a process of its own: should it fail, the rest of the tests must not run at real-time priority
    program = [sys.executable, "-c", ENCODES, str(tmp_path / "clip"), kind]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == str({os.SCHED_OTHER})
