"""The running summary of a run, kept in its state so that a resumed run ends with the same figures."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from ltd_core.metrics import EXPLOSION, EXPLOSION_AFTER, RECENT
from ltd_core.outcome import Summary

Block = np.ndarray[Any, np.dtype[Any]]
_ASKED = frozenset({"clipped_cosine", "descent"})
"""Traces that a run has where its observation asks for them."""
_FORMER = "earliest"
"""What former releases kept: a sum of norms."""
_SMALLEST, _LARGEST = math.log(sys.float_info.min), math.log(sys.float_info.max)


class RunningSummary:
    """Accumulates blocks of trace values, in float64 on the host."""

    def __init__(self, kept: dict[str, Any] | None = None) -> None:
        self.kept: dict[str, Any] = {
            "loss": [],
            "error_rate": [],
            "best_loss": None,
            "best_error": None,
            "clipped": [0.0, 0],
            "norm": [0.0, 0],
            "clipped_cosine": [0.0, 0],
            "descent": [0.0, 0],
            "norm_max": None,
            "explosions": 0,
            "slope": [0.0, 0],
            "earliest_log": [-math.inf, 0],
            "evaluation": None,
            "best_evaluation": None,
            "solved": None,
        } | (kept or {})
        total, count = self.kept.pop(_FORMER, (0.0, 0))
        if count:
            self.kept["earliest_log"] = [math.log(total) if total else -math.inf, count]

    @staticmethod
    def is_former(kept: dict[str, Any]) -> bool:
        """Return whether a former release kept these."""
        return "earliest_log" not in kept

    def add(self, values: Mapping[str, Block]) -> None:
        """Take in one block of the traces that were measured at every update."""
        kept = self.kept
        for name, best in (("loss", "best_loss"), ("error_rate", "best_error")):
            kept[name] = [*kept[name], *map(float, values[name])][-RECENT:]
            kept[best] = _extreme(min, kept[best], values[name])
        kept["norm_max"] = _extreme(max, kept["norm_max"], values["gradient_norm"])
        kept["explosions"] += _explosions(values["gradient_norm"].astype(np.float64), *kept["norm"])
        earliest, slopes = _through_time(values["delta_log_norm"])
        for name, figure in (("clipped", values["clipped_share"]), ("norm", values["gradient_norm"])):
            _accumulate(kept[name], figure[np.isfinite(figure)])
        for name in _ASKED & values.keys():
            _accumulate(kept[name], values[name][np.isfinite(values[name])])
        _accumulate(kept["slope"], slopes[slopes < np.inf])  # of zero, -inf, too: not NaN
        _accumulate_logs(kept["earliest_log"], earliest[earliest < np.inf])

    def evaluated(self, step: int, error: float, *, solved: bool) -> None:
        """Take in one evaluation."""
        best = self.kept["best_evaluation"]
        self.kept["evaluation"] = error
        self.kept["best_evaluation"] = error if best is None else min(best, error)
        if solved and self.kept["solved"] is None:
            self.kept["solved"] = step

    def report(self, *, diverged: bool) -> Summary:
        """Return the metrics (see ltd_core.metrics)."""
        kept = self.kept
        evaluated, earliest = kept["evaluation"] is not None, _mean_of_logs(kept["earliest_log"])
        return {
            "success": int(kept["solved"] is not None) if evaluated or diverged else None,
            "updates_to_success": kept["solved"],
            "evaluation_error": kept["evaluation"],
            "best_evaluation_error": kept["best_evaluation"],
            "final_loss": None if diverged else _mean(kept["loss"]),
            "final_error": None if diverged else _mean(kept["error_rate"]),
            "best_loss": kept["best_loss"],
            "best_error": kept["best_error"],
            "clipped_share": _ratio(kept["clipped"]),
            "gradient_norm_mean": _ratio(kept["norm"]),
            "gradient_norm_max": kept["norm_max"],
            "explosions": kept["explosions"],
            "delta_slope": _ratio(kept["slope"]),
            "delta_earliest": _told(earliest),
            "delta_log_earliest": earliest,
            "diverged": int(diverged),
        } | {f"{name}_mean": _ratio(kept[name]) for name in sorted(_ASKED) if kept[name][1]}


def _through_time(logs: Block) -> tuple[Block, Block]:
    """Return of each update ln |delta| at the earliest step, and its growth per step back, [n] each.

    From logarithms by lag [n, T], NaN beyond the end of a sequence. Both are -inf where delta has become zero; there is
    no growth, NaN, of what begins as zero.
    """
    lengths = (~np.isnan(logs)).sum(1)
    earliest = logs[np.arange(len(logs)), np.maximum(lengths - 1, 0)].astype(np.float64)
    last = np.where(np.isfinite(logs[:, 0]), logs[:, 0].astype(np.float64), np.nan)
    return earliest, (earliest - last) / np.maximum(lengths - 1, 1)


def _explosions(norms: Block, total: float, count: int) -> int:
    """Return how many norms [n] are not finite, or far above the mean of all finite ones before them."""
    finite = np.isfinite(norms)
    sound = np.where(finite, norms, 0.0)
    before = total + np.cumsum(sound) - sound
    counts = count + np.cumsum(finite) - finite
    far = (counts >= EXPLOSION_AFTER) & (sound * counts > EXPLOSION * before)
    return int(np.sum(~finite | far))


def _accumulate(total: list[float], values: Block) -> None:
    total[0] += float(values.astype(np.float64).sum())
    total[1] += len(values)


def _accumulate_logs(total: list[float], logs: Block) -> None:
    """Add numbers given by their logarithms to a sum that is kept as one."""
    total[0] = float(np.logaddexp.reduce(logs, initial=total[0]))
    total[1] += len(logs)


def _mean_of_logs(total: list[float]) -> float | None:
    return total[0] - math.log(total[1]) if total[1] else None


def _told(log: float | None) -> float | None:
    """Return the number of a logarithm; None where a float cannot hold it."""
    if log is None or log == -math.inf:
        return None if log is None else 0.0
    return math.exp(log) if _SMALLEST <= log <= _LARGEST else None


def _extreme(choose: Any, known: float | None, values: Block) -> float | None:
    found = [float(v) for v in values[np.isfinite(values)]] + ([] if known is None else [known])
    return choose(found) if found else None


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _ratio(total: list[float]) -> float | None:
    return total[0] / total[1] if total[1] else None
