"""What the built-in model learns from: what would happen next in labelled photos."""
