from __future__ import annotations

from ltd_core.picture import Curve, HeatMap
from ltd_core.plain_picture import plain_picture, worded
from ltd_core.trace import TraceInfo


def test_a_trace_along_steps_is_a_curve() -> None:
    (layer,) = plain_picture(TraceInfo("loss", "nats", ("step",), 1, "The loss.")).layers
    assert layer == Curve("loss", "step")


def test_a_trace_with_an_axis_of_its_own_is_colors() -> None:
    picture = plain_picture(TraceInfo("mine", "norm", ("step", "unit"), 1, "Mine.", (3,)))
    (layer,) = picture.layers
    assert isinstance(layer, HeatMap)
    assert (picture.x.label, picture.y.label, layer.colors.label) == ("update", "unit", "mine (norm)")


def test_names_become_words() -> None:
    assert worded("gradient_norm") == "gradient norm"
