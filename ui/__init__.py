"""The page: controls in, a clip out. Knows no torch."""
