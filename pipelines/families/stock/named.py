"""The pipelines that are known by name. Knows no torch.

Sizes are counted: parameters of all parts, in 16 bit; the hub tells the true ones when a download begins. Each pinned
commit stands in public projects, as part of the path in the hub's cache or as an argument: those of Wan 2.1 and LTX-2
in two or more, that of TI2V-5B in eight, A14B's in three, CogVideoX's in two, LTX-Video's in one. Where none was found
the revision is None, and the folder is downloaded by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.models.spec import ModelSpec

APACHE = ("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")

IGNORED = frozenset({"motion_bucket_id", "noise_aug_strength", "camera", "min_guidance_scale", "decode_chunk_size"})
"""Controls that no pipeline here has a use for."""

END = frozenset({"stills"})
"""The part of a direction that some follow: a further still, at the end."""

MOST_PIXELS = 1280 * 768
"""Pixels of the largest size that most were trained on."""

ALL = ("scheduler", "text_encoder", "tokenizer", "transformer", "vae")
"""The parts that every pipeline here has."""


@dataclass(frozen=True)
class Way:
    """What a pipeline is asked for where nobody says otherwise: width, height, frames, frames a second, steps, and how
    strictly it follows the words."""

    size: tuple[int, int]
    frames: int
    fps: int
    steps: int
    guidance: float

    def defaults(self) -> dict[str, Any]:
        """By the names of the controls."""
        return {
            "width": self.size[0],
            "height": self.size[1],
            "num_frames": self.frames,
            "fps": self.fps,
            "num_inference_steps": self.steps,
            "min_guidance_scale": self.guidance,
            "max_guidance_scale": self.guidance,
        }


def _named(id: str, name: str, repo: str, way: Way, **more: Any) -> ModelSpec:
    licence, licence_url = more.pop("licence", APACHE)
    own: dict[str, Any] = {"revision": None, "gated": False, "ignores": IGNORED, "max_pixels": MOST_PIXELS}
    own |= {"max_frames": way.frames} | more
    return ModelSpec(
        id=id,
        name=name,
        family="stock",
        licence=licence,
        licence_url=licence_url,
        repo=repo,
        defaults=way.defaults(),
        hub_files=_files(own.pop("parts", ALL)) if own["revision"] else (),
        **own,
    )


def _files(parts: tuple[str, ...]) -> tuple[str, ...]:
    return ("model_index.json", *(f"{part}/*" for part in parts))


NAMED = (
    _named(
        "wan-2-2-ti2v-5b",
        "Wan 2.2 TI2V 5B",
        "Wan-AI/Wan2.2-TI2V-5B-Diffusers",
        Way((1280, 704), 121, 24, 50, 5.0),
        revision="b8fff7315c768468a5333511427288870b2e9635",
        size_bytes=23_000_000_000,
        note="The small Wan: five seconds of 1280x704 on a GPU with 24 GB.",
    ),
    _named(
        "wan-2-2-i2v-a14b",
        "Wan 2.2 I2V A14B",
        "Wan-AI/Wan2.2-I2V-A14B-Diffusers",
        Way((832, 448), 81, 16, 40, 3.5),
        revision="596658fd9ca6b7b71d5057529bbf319ecbc61d74",
        size_bytes=69_000_000_000,
        parts=(*ALL, "transformer_2"),
        obeys=END,
        note="Two networks of 14 billion, one for the first steps and one for the rest: best on a GPU with 80 GB.",
    ),
    _named(
        "wan-2-1-i2v-480p",
        "Wan 2.1 I2V 14B 480p",
        "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers",
        Way((832, 448), 81, 16, 50, 5.0),
        revision="b184e23a8a16b20f108f727c902e769e873ffc73",
        size_bytes=46_000_000_000,
        parts=(*ALL, "image_encoder", "image_processor"),
        note="Five seconds at 16 frames a second.",
    ),
    _named(
        "wan-2-1-i2v-720p",
        "Wan 2.1 I2V 14B 720p",
        "Wan-AI/Wan2.1-I2V-14B-720P-Diffusers",
        Way((1280, 704), 81, 16, 50, 5.0),
        size_bytes=46_000_000_000,
        note="The same for 1280x704: more than twice the time of the small size.",
    ),
    _named(
        "ltx-video",
        "LTX-Video",
        "Lightricks/LTX-Video",
        Way((704, 512), 161, 25, 50, 3.0),
        licence=("LTX-Video Open Weights License", "https://huggingface.co/Lightricks/LTX-Video"),
        revision="8984fa25007f376c1a299016d0957a37a2f797bb",
        size_bytes=14_000_000_000,
        max_frames=257,
        note="Quick for its kind. Free up to a limit of yearly revenue.",
    ),
    _named(
        "ltx-2",
        "LTX-2",
        "Lightricks/LTX-2",
        Way((768, 512), 121, 24, 30, 3.0),
        licence=("LTX-2 Community License", "https://huggingface.co/Lightricks/LTX-2"),
        revision="47da56e2ad66ce4125a9922b4a8826bf407f9d0a",
        size_bytes=65_000_000_000,
        max_frames=481,
        parts=(*ALL, "audio_vae", "connectors", "vocoder"),
        note="Up to 20 s; its sound is left out. Free below 10 million USD of yearly revenue.",
    ),
    _named(
        "hunyuanvideo-i2v",
        "HunyuanVideo I2V",
        "hunyuanvideo-community/HunyuanVideo-I2V",
        Way((1280, 704), 129, 15, 50, 1.0),
        licence=(
            "Tencent Hunyuan Community License",
            "https://huggingface.co/hunyuanvideo-community/HunyuanVideo-I2V",
        ),
        size_bytes=43_000_000_000,
        note="720p; not licensed in the European Union, the United Kingdom and South Korea. Best with 80 GB.",
    ),
    _named(
        "hunyuanvideo-1-5-i2v",
        "HunyuanVideo 1.5 I2V 480p",
        "hunyuanvideo-community/HunyuanVideo-1.5-Diffusers-480p_i2v",
        Way((832, 448), 121, 24, 50, 6.0),
        licence=(
            "Tencent Hunyuan Community License",
            "https://huggingface.co/hunyuanvideo-community/HunyuanVideo-1.5-Diffusers-480p_i2v",
        ),
        size_bytes=36_000_000_000,
        note="It chooses its size by the picture's shape; not licensed in the European Union, the UK and South Korea.",
    ),
    _named(
        "cogvideox-5b-i2v",
        "CogVideoX 5B I2V",
        "THUDM/CogVideoX-5b-I2V",
        Way((768, 512), 49, 8, 50, 6.0),
        licence=("CogVideoX License", "https://huggingface.co/THUDM/CogVideoX-5b-I2V/blob/main/LICENSE"),
        revision="c5c783ca1606069b9996dc56f207cc2e681691ed",
        size_bytes=21_000_000_000,
        note="Six seconds of 720x480, scaled to what is asked; commercial use has to be registered. From 11 GB.",
    ),
    _named(
        "cogvideox-1-5-i2v",
        "CogVideoX 1.5 5B I2V",
        "THUDM/CogVideoX1.5-5B-I2V",
        Way((1344, 768), 81, 16, 50, 6.0),
        licence=("CogVideoX License", "https://huggingface.co/THUDM/CogVideoX1.5-5B-I2V/blob/main/LICENSE"),
        size_bytes=21_000_000_000,
        max_pixels=1344 * 768,
        note="Five seconds of 1344x768; commercial use has to be registered. From 9 GB.",
    ),
    _named(
        "kandinsky-5-i2v-pro",
        "Kandinsky 5 I2V Pro",
        "kandinskylab/Kandinsky-5.0-I2V-Pro-sft-5s-Diffusers",
        Way((1280, 768), 121, 24, 50, 5.0),
        licence=("MIT", "https://opensource.org/license/mit"),
        size_bytes=56_000_000_000,
        note="Five seconds of 1280x768, in sizes of 128 pixels; best on a GPU with 80 GB.",
    ),
)
"""In the order in which they are listed. FramePack is put together from three repositories, and the card of SkyReels V2
could not be read: folders of both are taken all the same."""
