"""Every kind of pipeline: the frames are its own, it stops within a step, and goes on to the same frames."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipelines.contract import Checkpoint, Meets, StepEvent
from pipelines.direction import Direction, StillKey
from pipelines.errors import BadFrames, Cancelled, RequestError
from tests.pipelines.families.stock.conftest import STEPS, STILL, Tiny
from tests.pipelines.families.stock.tiny import MAKERS
from tests.pipelines.families.stock.tiny_wordless import WORDLESS

ALL = [*MAKERS, *WORDLESS]

SECTIONS = {"framepack": 2}
"""How often the steps are taken."""

Open = Callable[[str], Tiny]

pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")
"""Some schedulers of diffusers 0.42 hand tensors to numpy in a way that a later numpy will not take."""


@pytest.mark.parametrize("name", ALL)
def test_a_pipeline_s_clip_is_its_own_and_can_be_stopped_and_gone_on_with(name: str, tiny: Open) -> None:
    model = tiny(name)
    total = STEPS * SECTIONS.get(name, 1)
    events: list[StepEvent] = []
    kept: list[Checkpoint] = []

    def watch(event: StepEvent) -> None:
        events.append(event)
        if event.checkpoint is not None:
            kept.append(event.checkpoint())

    frames = model.frames(watch)
    wanted = model.direct()
    count = model.request.num_frames
    assert np.array_equal(frames, wanted[:count]), "the frames of the pipeline itself"
    assert frames.shape == (count, 64, 64, 3)
    steps = [event for event in events if event.stage == "sampling"]
    assert [(event.step, event.total) for event in steps] == [(step, total) for step in range(1, total + 1)]
    assert all(event.preview is not None and event.preview.shape[2:] == (160, 3) for event in steps)
    assert (events[0].stage, events[0].step) == ("encode", 0)
    assert (events[-1].stage, events[-1].step, events[-1].total) == ("decode", count, count)
    _stops_within_a_step(model)
    middle = kept[total // 2]
    assert all(array.dtype == np.float32 for array in middle.arrays.values())
    told: list[int] = []
    again = model.frames(lambda event: told.append(event.step) if event.stage == "sampling" else None, middle)
    assert np.array_equal(again, frames), "bit by bit"
    assert told == list(range(middle.step + 1, total + 1)), "only what was left is done"


def _stops_within_a_step(model: Tiny) -> None:
    """The next run, a resumed one, shows that nothing of the stopped one is left."""
    seen: list[int] = []

    def stop(event: StepEvent) -> None:
        if event.stage == "sampling":
            seen.append(event.step)
            raise Cancelled

    with pytest.raises(Cancelled):
        model.frames(stop)
    assert seen == [1]


@pytest.mark.parametrize("name", ["ltx", "wan21"])
def test_a_run_goes_on_from_any_step(name: str, tiny: Open) -> None:
    model, kept = tiny(name), list[Checkpoint]()
    wanted = model.frames(lambda event: kept.append(event.checkpoint()) if event.checkpoint else None)
    for checkpoint in kept:
        assert np.array_equal(model.frames(resume=checkpoint), wanted), f"from step {checkpoint.step}"


def test_the_denoiser_is_not_asked_again_for_steps_that_are_done(tiny: Open) -> None:
    model, kept, asked = tiny("ltx"), list[Checkpoint](), list[int]()
    model.frames(lambda event: kept.append(event.checkpoint()) if event.checkpoint else None)
    hook = model.animator.pipeline.transformer.proj_out.register_forward_hook(lambda *_: asked.append(1))
    model.frames(resume=kept[-1])
    hook.remove()
    assert not asked, "a finished sampling is only decoded"


@pytest.mark.parametrize("frames", [2, 7])
def test_a_length_between_two_that_the_model_makes_is_trimmed(frames: int, tiny: Open) -> None:
    model = tiny("wan21")
    assert np.array_equal(model.frames(num_frames=frames), model.frames(num_frames=9 if frames == 7 else 5)[:frames])


def test_the_wan_decoder_gives_frames_as_they_come(tiny: Open) -> None:
    model = tiny("wan-5b")
    chunks = list(model.animator.animate(STILL, model.request))
    assert [(chunk.start, len(chunk.frames)) for chunk in chunks] == [(0, 1), (1, 4), (5, 4)]


def ending(*times: float) -> dict[str, Direction]:
    """A request's direction with further stills at these times."""
    return {"direction": Direction(stills=tuple(StillKey(t=time, of="0" * 64) for time in times))}


@pytest.mark.parametrize("name", ["wan22", "skyreels-df"])
def test_a_clip_goes_to_a_second_still(name: str, tiny: Open) -> None:
    model, end = tiny(name), STILL[::-1].copy()
    assert isinstance(model.animator, Meets)
    request = model.request.model_copy(update=ending(1))
    frames = np.concatenate([chunk.frames for chunk in model.animator.meet([STILL, end], request)])
    assert np.array_equal(frames, model.direct(end))
    assert not np.array_equal(frames, model.frames())


@pytest.mark.parametrize(
    ("name", "frames", "times", "words"),
    [
        ("ltx", 9, [1], "knows the first still alone"),
        ("wan22", 9, [0.5, 1], "from one still to one other"),
        ("wan22", 9, [0.5], "from one still to one other"),
        ("wan22", 8, [1], r"the last still would be cut off: .* Set num_frames to 9"),
        ("framepack", 7, [1], "knows the first still alone"),
    ],
)
def test_a_second_still_that_cannot_be_met(name: str, frames: int, times: list[float], words: str, tiny: Open) -> None:
    model = tiny(name)
    request = model.request.model_copy(update={"num_frames": frames, **ending(*times)})
    with pytest.raises(RequestError, match=words):
        list(model.animator.meet([STILL] * (len(times) + 1), request))


def test_words_seed_and_guidance_reach_the_model(tiny: Open) -> None:
    model = tiny("ltx")
    usual = model.frames(num_inference_steps=1)
    for change in ({"prompt": "snow falls"}, {"negative_prompt": "text"}, {"seed": 8}, {"max_guidance_scale": 5.0}):
        assert not np.array_equal(model.frames(num_inference_steps=1, **change), usual), change


def test_a_cancel_while_frames_are_decoded(tiny: Open) -> None:
    def stop(event: StepEvent) -> None:
        if event.stage == "decode":
            raise Cancelled

    with pytest.raises(Cancelled):
        tiny("ltx").frames(stop)


def test_numbers_that_are_not_finite_are_told(tiny: Open) -> None:
    model = tiny("ltx")
    hook = model.animator.pipeline.transformer.register_forward_hook(lambda *given: (given[2][0] * float("nan"),))
    with pytest.raises(BadFrames, match=r"not finite at step 1 of 3\. Load it in bf16"):
        model.frames()
    hook.remove()


def test_a_checkpoint_of_other_numbers_is_not_gone_on_from(tiny: Open) -> None:
    """Of another pipeline, which means another release, another GPU or another number format as well."""
    other, told = list[Checkpoint](), list[int]()
    tiny("wan22").frames(lambda event: other.append(event.checkpoint()) if event.checkpoint else None)
    tiny("ltx").frames(lambda event: told.append(event.step) if event.stage == "sampling" else None, other[0])
    assert told == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("wan21", {"num_frames": 120}, r"at most 81 frames, not 120\. Set num_frames to 81"),
        ("cogvideox", {"width": 128}, r"makes 64x64 alone, .* Choose 64x64"),
    ],
)
def test_what_a_model_cannot_make_is_refused(name: str, changes: dict[str, int], words: str, tiny: Open) -> None:
    model = tiny(name)
    request = model.request.model_copy(update=changes)
    still = np.zeros((request.height, request.width, 3), np.uint8)
    with pytest.raises(RequestError, match=words):
        list(model.animator.animate(still, request))


def test_a_model_of_one_size_is_scaled_to_another_of_its_shape(tiny: Open) -> None:
    model = tiny("cogvideox")
    request = model.request.model_copy(update={"width": 128, "height": 128})
    chunks = list(model.animator.animate(np.tile(STILL, (2, 2, 1)), request))
    assert [chunk.frames.shape for chunk in chunks] == [(9, 128, 128, 3)]
