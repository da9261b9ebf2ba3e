"""Each way to have no value has words of its own."""

from __future__ import annotations

from typing import Any

import pytest

from services.runs.reasons import REASONS, absent, reason_of


@pytest.mark.parametrize(
    ("metric", "summary", "reason"),
    [
        ("updates_to_success", {"updates_to_success": None, "success": 0}, "never solved"),
        ("updates_to_success", {"updates_to_success": None, "success": None}, "never evaluated"),
        ("evaluation_error", {"evaluation_error": None}, "never evaluated"),
        ("delta_earliest", {"delta_earliest": None, "delta_log_earliest": -4000.0}, "beyond a float's range"),
        ("delta_earliest", {"delta_earliest": None, "delta_log_earliest": None}, "no finite number"),
        ("gradient_norm_max", {"gradient_norm_max": None}, "no finite number"),
    ],
)
def test_a_succeeded_run_says_why_it_has_no_value(metric: str, summary: dict[str, Any], reason: str) -> None:
    """Underflow and what was never looked for were "not measured" alike."""
    assert absent("succeeded", "exhausted", summary)[metric] == reason
    assert reason in REASONS


def test_what_a_run_does_not_have_was_not_measured() -> None:
    assert reason_of("bias_norm", "succeeded", "exhausted", told=False, witnessed=False) == "not measured"
    assert "not measured" in REASONS


def test_a_run_that_did_not_get_there_says_how_it_stands() -> None:
    assert absent("running", None, {"final_loss": None}) == {"final_loss": "running"}
    assert absent("succeeded", "diverged", {"final_loss": None, "diverged": 1}) == {"final_loss": "diverged"}
