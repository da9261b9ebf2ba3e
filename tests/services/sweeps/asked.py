"""A sweep of eight runs."""

from __future__ import annotations

from typing import Any

from services.sweeps.request import SweepRequest, parse_request

BASE: dict[str, Any] = {
    "problem": {"kind": "temporal_order", "length": 20},
    "clipping": {"kind": "norm"},
    "updates": 100,
}


def request(**changes: Any) -> SweepRequest:
    asked = {
        "name": "a sweep",
        "base": BASE,
        "axes": {"clipping.threshold": [0.1, 1.0], "batch_size": [5, 20]},
        "seeds": [0, 1],
    }
    return parse_request(asked | changes)
