"""Uploads leave by themselves."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ui.door.uploads import KEPT_S, Uploads


def test_an_upload_goes_after_a_day_and_not_before(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    old, new = uploads.new_folder("ada"), uploads.new_folder("ada")
    for folder, age in ((old, KEPT_S + 60), (new, KEPT_S - 600)):
        (folder / "still.png").write_bytes(b"a picture")
        os.utime(folder, (time.time() - age,) * 2)
    uploads.sweep()
    assert not old.exists()
    assert uploads.own("ada", str(new / "still.png")) == new / "still.png"
