"""Settings of a ComfyUI workflow for Stable Video Diffusion are read from its pictures, in our own terms."""

import json

import pytest
from PIL import Image, PngImagePlugin

from media.comfy import settings_of_workflow
from media.recipe import read_recipe
from pipelines.errors import ClipError

WORKFLOW = {
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 42, "steps": 20, "cfg": 2.5, "sampler_name": "euler", "model": ["14", 0]},
    },
    "12": {
        "class_type": "SVD_img2vid_Conditioning",
        "inputs": {
            "width": 1024,
            "height": 576,
            "video_frames": 14,
            "motion_bucket_id": 150,
            "fps": 6,
            "augmentation_level": 0.05,
            "clip_vision": ["15", 1],
        },
    },
    "14": {"class_type": "VideoLinearCFGGuidance", "inputs": {"min_cfg": 1.0, "model": ["15", 0]}},
    "23": {"class_type": "LoadImage", "inputs": {"image": "mountains.png"}},
}

EXPECTED = {
    "seed": 42,
    "num_inference_steps": 20,
    "max_guidance_scale": 2.5,
    "width": 1024,
    "height": 576,
    "num_frames": 14,
    "motion_bucket_id": 150,
    "fps": 6,
    "noise_aug_strength": 0.1,
    "min_guidance_scale": 1.0,
}


def test_the_settings_of_a_png(tmp_path):
    told = PngImagePlugin.PngInfo()
    told.add_text("prompt", json.dumps(WORKFLOW))
    Image.new("RGB", (8, 8)).save(tmp_path / "comfy.png", pnginfo=told)
    assert read_recipe(tmp_path / "comfy.png") == {"made_with": "ComfyUI", "request": EXPECTED}


def test_the_settings_of_an_animated_webp(tmp_path):
    exif = Image.Exif()
    exif[0x0110] = "prompt:" + json.dumps(WORKFLOW)
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "comfy.webp", save_all=True, append_images=frames[1:], exif=exif)
    assert read_recipe(tmp_path / "comfy.webp")["request"] == EXPECTED


def test_what_is_wired_to_another_node_is_left_out():
    wired = {"1": {"class_type": "SVD_img2vid_Conditioning", "inputs": {"fps": ["2", 0], "width": True, "height": 576}}}
    assert settings_of_workflow(json.dumps(wired)) == {"height": 576}


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "3", "{}", '{"1": {"class_type": "KSampler", "inputs": {"seed": 1}}}']
)
def test_other_workflows_are_none_of_ours(text):
    assert settings_of_workflow(text) is None


def test_a_picture_without_a_workflow_has_no_recipe(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    with pytest.raises(ClipError, match="no Stillmotion recipe"):
        read_recipe(tmp_path / "plain.png")
