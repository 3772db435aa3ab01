"""Saying what should move: tools on the picture, and the list of what was said."""
