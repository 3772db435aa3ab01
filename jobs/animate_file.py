"""One picture on disk becomes one clip on disk, without a queue: what the command line does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.further import files_of, on_the_way
from jobs.make_clip import Order, facts_in_json, make_clip
from jobs.names import photo_name
from media.export.formats import format_of
from media.export.order import Export, save_as
from pipelines.models.asking import request_for, unheeded
from pipelines.models.catalogue import find

KB_PER_MB = 1024


def animate_file(
    still: Path, output: Path, controls: Mapping[str, Any], further: Sequence[Path] = ()
) -> dict[str, Any]:
    """Make the clip and tell about it; the suffix of `output` chooses the format. In a folder it is an MP4 under the
    picture's name. `further` are pictures on its way, the last one at its end.

    Raises `InputError` for a suffix that is no format of ours, and what `jobs.make_clip.make_clip` raises.
    """
    if output.is_dir():
        output /= f"{photo_name(still.name)}.mp4"
    kind = format_of(output)
    request = request_for(on_the_way(controls, further), find).with_seed()
    files = files_of(request, further)
    if kind.name == "mp4":
        facts = make_clip(Order(still, request, output, further=files))
    else:
        # beside the output: a folder that cannot be written to is known before the model runs
        master = output.with_name(f".{output.name}.mp4")
        try:
            facts = make_clip(Order(still, request, master, further=files))
            save_as(master, output, Export(kind))
        finally:
            master.unlink(missing_ok=True)
    made = {"path": str(output), "model": request.model, "seed": request.seed, **facts_in_json(facts)}
    told = unheeded(controls, find)
    return made | ({"told": told} if told else {}) | {"peak_rss_mb": round(_peak_rss_mb(), 1)}


def _peak_rss_mb() -> float:
    import resource  # not on Windows, where the command line still starts

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KB_PER_MB
