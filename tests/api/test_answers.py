"""The words of answers."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from api.answers import moment


def test_a_moment_is_what_the_standard_library_writes() -> None:
    drawn = np.random.default_rng(0).uniform(0, 4e9, 2000)
    for seconds in (0.0, 0.9999996, 1.7e9 + 0.9994999, 1.7e9 + 0.9995, 1.7e9 + 0.0009999, *drawn.tolist()):
        assert moment(seconds) == datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    assert moment(None) is None
