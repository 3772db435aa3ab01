"""The helpers: small networks that make a finished model's frames more, or larger, as the last part of a run.

`pipelines.enhance.stream.enhanced` is the way in; `pipelines.enhance.helpers` tells what they are and knows no torch.
"""
