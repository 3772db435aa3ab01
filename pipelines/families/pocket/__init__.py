"""The built-in motion diffusion model."""
