"""The families of models, one folder each: what animates a still, in its own way."""
