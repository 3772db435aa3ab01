"""Tap a thing in a still and get its outline: MobileSAM, see `assets/models/tap/README.md`. The face is `tapped`."""
