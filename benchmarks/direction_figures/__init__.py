"""Figures of directed clips: what was said against what moves."""
