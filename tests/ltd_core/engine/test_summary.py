"""The summary of a run against numpy over its whole traces."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ltd_core.engine.summary import RunningSummary
from ltd_core.metrics import METRICS, RECENT
from ltd_core.outcome import Summary
from tests.ltd_core.training import alone, small


def test_the_figures_are_those_of_the_whole_trace() -> None:
    spec = small(updates=300, evaluation={"every": 60, "sequences": 100, "stop": False}, observation={"clipping": True})
    progress = alone(spec)
    trace: dict[str, np.ndarray] = {}
    for name in {block.name for p in progress for block in p.blocks}:
        trace[name] = np.concatenate([b.values for p in progress for b in p.blocks if b.name == name]).astype(float)
    logs = trace["delta_log_norm"]
    lengths = np.isfinite(logs).sum(1)
    slopes = [(row[n - 1] - row[0]) / (n - 1) for row, n in zip(logs, lengths, strict=True)]
    earliest = [np.exp(row[n - 1]) for row, n in zip(logs, lengths, strict=True)]
    norms = trace["gradient_norm"]
    exploded = [i for i in range(10, len(norms)) if norms[i] > 10 * norms[:i].mean()]
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
            "clipped_cosine_mean": trace["clipped_cosine"].mean(),
            "descent_mean": trace["descent"].mean(),
            "gradient_norm_mean": trace["gradient_norm"].mean(),
            "gradient_norm_max": trace["gradient_norm"].max(),
            "explosions": len(exploded),
            "delta_slope": np.mean(slopes),
            "delta_earliest": np.mean(earliest),
            "delta_log_earliest": np.log(np.mean(earliest)),
            "diverged": 0,
        },
        rel=1e-6,
    )


def test_a_summary_has_nothing_but_metrics() -> None:
    for progress in alone(small()):
        assert progress.summary.keys() <= METRICS.keys()


def test_explosions_are_counted_the_same_in_one_block_and_in_many() -> None:
    norms = np.random.default_rng(0).lognormal(sigma=2.0, size=400).astype(np.float32)
    norms[[50, 51, 200]] = np.inf, np.nan, -0.0
    slow, sound = 0, []
    for norm in norms.astype(float):
        slow += not np.isfinite(norm) or (len(sound) >= 10 and norm > 10 * np.mean(sound))
        sound += [norm] if np.isfinite(norm) else []
    assert slow > 5
    for size in (400, 37, 1):
        summary = RunningSummary()
        for first in range(0, 400, size):
            part = norms[first : first + size]
            rest = {name: np.zeros(len(part), np.float32) for name in ("loss", "error_rate", "clipped_share")}
            summary.add(rest | {"gradient_norm": part, "delta_log_norm": np.ones((len(part), 3), np.float32)})
        assert summary.report(diverged=False)["explosions"] == slow


def test_a_state_from_before_a_figure_was_kept_is_gone_on_with() -> None:
    old = {name: value for name, value in RunningSummary().kept.items() if name not in {"explosions", "earliest_log"}}
    assert RunningSummary(old).kept == RunningSummary().kept
    assert RunningSummary(old | {"earliest": [3.0, 6]}).report(diverged=False)["delta_earliest"] == pytest.approx(0.5)


def through_time(*logs: list[float]) -> Summary:
    """Return the report after updates of these logarithms by lag."""
    summary, zeros = RunningSummary(), np.zeros(len(logs), np.float32)
    rest = dict.fromkeys(("loss", "error_rate", "clipped_share", "gradient_norm"), zeros)
    summary.add(rest | {"delta_log_norm": np.array(logs, np.float32)})
    return summary.report(diverged=False)


def test_what_no_float_holds_is_told_by_its_logarithm() -> None:
    found = through_time([0.0, -1500.0, -3000.0], [0.0, -1500.0, -3000.0])
    assert (found["delta_slope"], found["delta_log_earliest"], found["delta_earliest"]) == (-1500.0, -3000.0, None)


def test_exactly_zero_is_a_value_and_what_is_not_measured_is_none() -> None:
    """No mean is one of survivors."""
    zero, nothing = -math.inf, math.nan
    found = through_time([0.0, -1.0, zero], [0.0, -1.0, -2.0])
    assert found["delta_slope"] == -math.inf
    assert found["delta_earliest"] == pytest.approx(math.exp(-2) / 2)
    found = through_time([0.0, zero, zero])
    assert [found[f"delta_{name}"] for name in ("slope", "earliest", "log_earliest")] == [-math.inf, 0.0, -math.inf]
    found = through_time([0.0, -1.0, nothing], [nothing] * 3)
    assert (found["delta_slope"], found["delta_log_earliest"]) == (-1.0, -1.0)
    found = through_time([zero, zero, zero])
    assert (found["delta_slope"], found["delta_earliest"]) == (None, 0.0)
