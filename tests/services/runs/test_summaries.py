"""A summary comes back from JSON as it was, the logarithm of zero included."""

from __future__ import annotations

import json
import math

from services.runs.summaries import decode, encode


def test_a_summary_comes_back_as_it_was() -> None:
    summary = {"delta_slope": -math.inf, "final_loss": 0.25, "diverged": 0, "best_error": None}
    text = encode(summary)
    assert json.loads(text)["delta_slope"] == "-Infinity"
    assert decode(text) == summary
    assert isinstance(decode(text)["diverged"], int)
