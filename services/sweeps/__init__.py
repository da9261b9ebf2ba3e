"""Sweeps: requests, the runs they are made of, and one metric of all of a sweep's runs."""
