from __future__ import annotations

from ltd_core.picture import Axis, Curve, Level, Picture


def test_a_picture_knows_the_traces_that_it_draws_each_once() -> None:
    layers = (Curve("share", "step", low="low", high="high"), Curve("share", "step", error="error"), Level("one", 1.0))
    assert Picture("p", "Why?", Axis("x"), Axis("y"), layers).traces == ("share", "low", "high", "error")
