from __future__ import annotations

import re

from services.pictures import palette


def test_hues_go_round() -> None:
    assert palette.hue(0) == palette.hue(len(palette.HUES))


def test_the_ends_of_an_order_have_the_ends_of_the_colors() -> None:
    assert palette.between(0, 7) == palette.ORDERED[0]
    assert palette.between(6, 7) == palette.ORDERED[-1]
    assert all(re.fullmatch("#[0-9a-f]{6}", palette.between(i, 50)) for i in range(50))


def test_a_faint_color_is_the_same_with_a_share() -> None:
    assert palette.faint("#0a0b0c", 0.5) == "rgba(10,11,12,0.5)"
