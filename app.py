"""Stillmotion: turn a still into a moving clip. `python app.py --help`."""
