"""Comparison of the runs of a sweep: tables over settings, paired differences, intervals."""
