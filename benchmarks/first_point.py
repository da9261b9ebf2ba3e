"""Latency from the POST of a run to a response with the first point of its loss, through the whole stack."""

from __future__ import annotations

import time

from benchmarks.result import Result, within
from benchmarks.stack import laboratory
from ltd_client import Lab

RUNS = 20
MOST_SECONDS = 1.0


def first_point() -> list[Result]:
    """Measure runs of one shape, one after another; the first includes compilation and calibration."""
    with laboratory() as lab:
        _seconds(lab, 50, 0)  # warms the workers up
        seconds = [_seconds(lab, 100, seed) for seed in range(RUNS)]
    bias = (
        "POST of a run of temporal_order of length 100, asked for the points of its loss until there is one; SQLite, "
        "workers that are loaded; the first of the runs compiles and calibrates their shape."
    )
    return [within("first_point", seconds, MOST_SECONDS, "s", bias)]


def _seconds(lab: Lab, length: int, seed: int) -> float:
    spec = {"problem": {"kind": "temporal_order", "length": length}, "updates": 100_000, "seed": seed}
    start = time.perf_counter()
    run_id = lab.run(spec)["id"]
    while not any(trace["name"] == "loss" for trace in lab.traces(run_id)):
        time.sleep(0.01)
    assert lab.trace(run_id, "loss")["steps"]
    elapsed = time.perf_counter() - start
    lab.cancel_run(run_id)
    lab.wait(run_id)
    return elapsed


BENCHMARKS = {"first_point": first_point}
