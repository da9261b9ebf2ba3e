"""Benchmarks: our figure and the peer's from one run, the bias stated."""
