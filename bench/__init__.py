"""Benchmarks: each figure is a ratio within one run, the median of several; `python -m bench` writes them down."""
