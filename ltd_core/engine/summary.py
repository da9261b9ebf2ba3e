"""The running summary of a run, kept in its state so that a resumed run ends with the same figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ltd_core.metrics import RECENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltd_core.outcome import Summary

Block = np.ndarray[Any, np.dtype[Any]]


class RunningSummary:
    """Accumulates blocks of trace values, in float64 on the host."""

    def __init__(self, kept: dict[str, Any] | None = None) -> None:
        self.kept: dict[str, Any] = kept or {
            "loss": [],
            "error_rate": [],
            "best_loss": None,
            "best_error": None,
            "clipped": [0.0, 0],
            "norm": [0.0, 0],
            "norm_max": None,
            "slope": [0.0, 0],
            "evaluation": None,
            "best_evaluation": None,
            "solved": None,
        }

    def add(self, values: Mapping[str, Block]) -> None:
        """Take in one block of the traces that were measured at every update."""
        kept = self.kept
        for name, best in (("loss", "best_loss"), ("error_rate", "best_error")):
            kept[name] = [*kept[name], *map(float, values[name])][-RECENT:]
            kept[best] = _extreme(min, kept[best], values[name])
        kept["norm_max"] = _extreme(max, kept["norm_max"], values["gradient_norm"])
        _accumulate(kept["clipped"], values["clipped_share"])
        _accumulate(kept["norm"], values["gradient_norm"])
        _accumulate(kept["slope"], _slopes(values["delta_norm"]))

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
            "delta_slope": _ratio(kept["slope"]),
            "diverged": int(diverged),
        }


def _slopes(norms: Block) -> Block:
    """Return each update's growth of log |delta| per step back, [n], from norms by lag [n, T], NaN beyond the end."""
    lengths = np.isfinite(norms).sum(1)
    earliest = norms[np.arange(len(norms)), np.maximum(lengths - 1, 0)].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth: Block = np.log(earliest) - np.log(norms[:, 0].astype(np.float64))
    slopes: Block = growth / np.maximum(lengths - 1, 1)
    return slopes


def _accumulate(total: list[float], values: Block) -> None:
    finite = values[np.isfinite(values)].astype(np.float64)
    total[0] += float(finite.sum())
    total[1] += len(finite)


def _extreme(choose: Any, known: float | None, values: Block) -> float | None:  # noqa: ANN401 - min or max
    found = [float(v) for v in values[np.isfinite(values)]] + ([] if known is None else [known])
    return choose(found) if found else None


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _ratio(total: list[float]) -> float | None:
    return total[0] / total[1] if total[1] else None
