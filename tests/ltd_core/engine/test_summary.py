"""The summary of a run against numpy over its whole traces."""

from __future__ import annotations

import numpy as np
import pytest

from ltd_core.metrics import METRICS, RECENT
from tests.ltd_core.training import alone, small


def test_the_figures_are_those_of_the_whole_trace() -> None:
    spec = small(updates=300, evaluation={"every": 60, "sequences": 100, "stop": False})
    progress = alone(spec)
    trace: dict[str, np.ndarray] = {}
    for name in {block.name for p in progress for block in p.blocks}:
        trace[name] = np.concatenate([b.values for p in progress for b in p.blocks if b.name == name]).astype(float)
    lengths = np.isfinite(trace["delta_norm"]).sum(1)
    slopes = [np.log(row[n - 1] / row[0]) / (n - 1) for row, n in zip(trace["delta_norm"], lengths, strict=True)]
    summary = dict(progress[-1].summary)
    assert summary.pop("updates_to_success") is None
    assert summary == pytest.approx(
        {
            "success": 0,
            "evaluation_error": trace["evaluation_error"][-1],
            "best_evaluation_error": trace["evaluation_error"].min(),
            "final_loss": trace["loss"][-RECENT:].mean(),
            "final_error": trace["error_rate"][-RECENT:].mean(),
            "best_loss": trace["loss"].min(),
            "best_error": trace["error_rate"].min(),
            "clipped_share": trace["clipped_share"].mean(),
            "gradient_norm_mean": trace["gradient_norm"].mean(),
            "gradient_norm_max": trace["gradient_norm"].max(),
            "delta_slope": np.mean(slopes),
            "diverged": 0,
        },
        rel=1e-6,
    )


def test_a_summary_has_nothing_but_metrics() -> None:
    for progress in alone(small()):
        assert progress.summary.keys() <= METRICS.keys()
