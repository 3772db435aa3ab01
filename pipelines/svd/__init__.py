"""Stable Video Diffusion (Blattmann et al. 2023, arXiv 2311.15127): all three releases, from safetensors only.

`loading.load_svd` loads one. `added`, `cost` and `folder` know no torch, so that the page may ask them.
"""
