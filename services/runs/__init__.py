"""Runs: rows made of specifications, every change of a run's state, and what is read of runs one by one."""
