"""The figures of `python -m benchmarks.svd`."""
