"""The smallest family there can be: the still, shifted. `test_families` puts this folder among the others."""
