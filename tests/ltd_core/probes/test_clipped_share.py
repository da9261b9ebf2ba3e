from __future__ import annotations

import numpy as np

from tests.ltd_core.oracle import by_engine, check, run_of


def test_every_update_is_torchs() -> None:
    check("clipped_share")


def test_the_rules_count_what_they_change() -> None:
    by_value = by_engine(run_of(clipping={"kind": "value", "threshold": 0.02})).array("clipped_share")
    middle = float(np.median(by_engine(run_of(clipping={"kind": "none"})).array("gradient_norm")))
    by_norm = by_engine(run_of(clipping={"kind": "norm", "threshold": middle})).array("clipped_share")
    assert 0 < by_value.mean() < 1
    assert set(np.unique(by_norm)) == {0.0, 1.0}
