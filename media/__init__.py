"""Untrusted bytes to a clean still; frames to a verified clip."""
