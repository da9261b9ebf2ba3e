"""The running summary of a run, kept in its state so that a resumed run ends with the same figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ltd_core.metrics import EXPLOSION, EXPLOSION_AFTER, RECENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltd_core.outcome import Summary

Block = np.ndarray[Any, np.dtype[Any]]


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
            "norm_max": None,
            "explosions": 0,
            "slope": [0.0, 0],
            "earliest": [0.0, 0],
            "evaluation": None,
            "best_evaluation": None,
            "solved": None,
        } | (kept or {})

    def add(self, values: Mapping[str, Block]) -> None:
        """Take in one block of the traces that were measured at every update."""
        kept = self.kept
        for name, best in (("loss", "best_loss"), ("error_rate", "best_error")):
            kept[name] = [*kept[name], *map(float, values[name])][-RECENT:]
            kept[best] = _extreme(min, kept[best], values[name])
        kept["norm_max"] = _extreme(max, kept["norm_max"], values["gradient_norm"])
        kept["explosions"] += _explosions(values["gradient_norm"].astype(np.float64), *kept["norm"])
        earliest, slopes = _through_time(values["delta_norm"])
        figures = (values["clipped_share"], values["gradient_norm"], earliest, slopes)
        for name, figure in zip(("clipped", "norm", "earliest", "slope"), figures, strict=True):
            _accumulate(kept[name], figure)

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
        evaluated = kept["evaluation"] is not None
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
            "delta_earliest": _ratio(kept["earliest"]),
            "diverged": int(diverged),
        }


def _through_time(norms: Block) -> tuple[Block, Block]:
    """Return of each update |delta| at the earliest step, and the growth of its log per step back, [n] each.

    From norms by lag [n, T], NaN beyond the end of a sequence.
    """
    lengths = np.isfinite(norms).sum(1)
    earliest = norms[np.arange(len(norms)), np.maximum(lengths - 1, 0)].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth: Block = np.log(earliest) - np.log(norms[:, 0].astype(np.float64))
    slopes: Block = growth / np.maximum(lengths - 1, 1)
    return earliest, slopes


def _explosions(norms: Block, total: float, count: int) -> int:
    """Return how many norms [n] are not finite, or far above the mean of all finite ones before them."""
    finite = np.isfinite(norms)
    sound = np.where(finite, norms, 0.0)
    before = total + np.cumsum(sound) - sound
    counts = count + np.cumsum(finite) - finite
    far = (counts >= EXPLOSION_AFTER) & (sound * counts > EXPLOSION * before)
    return int(np.sum(~finite | far))


def _accumulate(total: list[float], values: Block) -> None:
    finite = values[np.isfinite(values)].astype(np.float64)
    total[0] += float(finite.sum())
    total[1] += len(finite)


def _extreme(choose: Any, known: float | None, values: Block) -> float | None:
    found = [float(v) for v in values[np.isfinite(values)]] + ([] if known is None else [known])
    return choose(found) if found else None


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _ratio(total: list[float]) -> float | None:
    return total[0] / total[1] if total[1] else None
