"""The metrics: what they say of themselves, and what real runs put in their place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.metrics import METRICS, RECENT
from ltd_core.outcome import Progress
from tests.ltd_core.training import alone, small


def traces(reached: list[Progress]) -> dict[str, np.ndarray[Any, Any]]:
    names = {block.name for progress in reached for block in progress.blocks}
    return {
        name: np.concatenate([b.values for p in reached for b in p.blocks if b.name == name]).astype(np.float64)
        for name in names
    }


@pytest.mark.parametrize("limit", [0.01, 0.31, 0.71, 1.0])
def test_success_comes_with_the_first_evaluation_below_the_limit(limit: float) -> None:
    reached = alone(small(updates=260, evaluation={"every": 8, "sequences": 60, "solved_below": limit, "stop": False}))
    below = np.flatnonzero(traces(reached)["evaluation_error"] < limit)
    assert reached[-1].summary["success"] == int(len(below) > 0)
    assert reached[-1].summary["updates_to_success"] == (8 * (below[0] + 1) if len(below) else None)


def test_figures_are_of_recent_updates_or_of_all() -> None:
    reached = alone(small(updates=260, evaluation={"every": 0}))
    found, summary = traces(reached), reached[-1].summary
    assert summary["final_loss"] == pytest.approx(found["loss"][-RECENT:].mean())
    assert summary["best_loss"] == found["loss"].min()
    assert summary["gradient_norm_mean"] == pytest.approx(found["gradient_norm"].mean())
    assert [summary[name] for name in ("success", "evaluation_error", "updates_to_success")] == [None] * 3


def test_a_diverged_run_has_no_final_figures_but_its_best() -> None:
    reached = alone(small(optimizer={"lr": 1e38}, clipping={"kind": "none"}, evaluation={"every": 0}))
    summary, losses = reached[-1].summary, traces(reached)["loss"]
    assert (summary["diverged"], summary["success"]) == (1, 0)
    assert summary["final_loss"] is summary["final_error"] is summary["updates_to_success"] is None
    assert summary["best_loss"] == losses[np.isfinite(losses)].min()


def test_every_metric_says_what_it_is() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.better in {"lower", "higher", None}
        assert metric.unit
        assert metric.description.endswith(".")
