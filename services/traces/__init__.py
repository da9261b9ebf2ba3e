"""Traces: blocks of points, the pyramid over them, and what is read of both."""
