"""How the built-in weights were made, from photographs alone."""
