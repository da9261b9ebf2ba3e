"""Why a run has no value of a metric, in the words that REST, the command, the pages and the report tell."""

from __future__ import annotations

from collections.abc import Mapping

NEVER_SOLVED = "never solved"
NEVER_EVALUATED = "never evaluated"
OUT_OF_RANGE = "beyond a float's range"
NOTHING_FINITE = "no finite number"
NOT_MEASURED = "not measured"
REASONS: dict[str, str] = {
    "queued, running, failed, cancelled": "the run has not succeeded",
    "diverged": "it ended before its figure had a meaning",
    NEVER_SOLVED: "no evaluation found the problem solved",
    NEVER_EVALUATED: "the run asked for no evaluation, or ended before the first",
    OUT_OF_RANGE: "it was measured, and is too small or too large for a float: its logarithm is told",
    NOTHING_FINITE: "it was measured, and no finite number was among what it is made of",
    NOT_MEASURED: "runs of this kind do not have it",
}
"""What each reason means."""
WITNESSES = {"updates_to_success": "success", "delta_earliest": "delta_log_earliest"}
"""A metric, and another that has a value where the first was looked for."""
_EVALUATED = {"success", "updates_to_success", "evaluation_error", "best_evaluation_error"}


def reason_of(metric: str, state: str, outcome: str, *, told: bool, witnessed: bool) -> str:
    """Return the reason: `told` where the summary names the metric, `witnessed` where its witness has a value."""
    if state != "succeeded":
        return state
    if outcome == "diverged":
        return "diverged"
    if witnessed:
        return NEVER_SOLVED if metric == "updates_to_success" else OUT_OF_RANGE
    if not told:
        return NOT_MEASURED
    return NEVER_EVALUATED if metric in _EVALUATED else NOTHING_FINITE


def absent(state: str, outcome: str | None, summary: Mapping[str, object]) -> dict[str, str]:
    """Return the reasons of a run's metrics that have no value, by name."""
    return {
        name: reason_of(
            name, state, outcome or "", told=True, witnessed=summary.get(WITNESSES.get(name, "")) is not None
        )
        for name, value in summary.items()
        if value is None
    }


def told_reasons() -> str:
    """Return the table as a sentence."""
    return "; ".join(f"{words}: {meaning}" for words, meaning in REASONS.items()) + "."
