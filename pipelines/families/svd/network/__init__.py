"""The networks of Stable Video Diffusion, walked by our own forward passes over the checkpoint's own modules.

Every shortcut in here is exact: the result differs from that of the stock forward pass by rounding at most.

- `layout` lays the weights out once, `one_key` computes per clip what is the same in every step.
- `blocks` and `transformer` are the building blocks, `unet` the denoiser, `decoder` the frame-by-frame decoder.
"""
