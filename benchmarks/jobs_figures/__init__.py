"""The figures of `python -m benchmarks.jobs`, one part each."""
