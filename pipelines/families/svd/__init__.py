"""Stable Video Diffusion (Blattmann et al. 2023, arXiv 2311.15127): all three releases, from safetensors only.

`loading.load_svd` loads one; `animator` runs it: `sampling` makes the latents, `decoding` the frames, `ladder` goes on
in another way when memory or numbers fail, and `network` holds the forward passes. `added`, `cost`, `folder`, `plan`
and `single_file` know no torch, so that the page may ask them.
"""
