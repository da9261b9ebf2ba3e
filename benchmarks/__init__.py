"""Benchmarks: our figure and the peer's, measured interleaved, with a statement of the bias."""
