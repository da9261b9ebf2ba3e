from __future__ import annotations

from tests.ltd_core.oracle import check


def test_every_update_is_torchs() -> None:
    check("gradient_norm")
