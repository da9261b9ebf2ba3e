from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import pytest

from ltd_core.picture import Axis
from services.pictures.sides import Sides, packed


def unpacked(values: dict[str, Any]) -> np.ndarray[Any, np.dtype[Any]]:
    return np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"]))


def test_numbers_keep_the_precision_that_they_need() -> None:
    assert packed(np.array([0.5, np.nan]))["dtype"] == "f4"
    assert packed(np.array([1e-300, 1.0]))["dtype"] == "f8"
    assert unpacked(packed(np.array([1e300])))[0] == 1e300


def test_a_matrix_tells_its_shape() -> None:
    assert packed(np.zeros((2, 3)))["shape"] == "2, 3"


def test_an_axis_reaches_as_far_as_what_is_framed() -> None:
    sides = Sides(Axis("time"), Axis("size", "log"))
    sides.on("y", [1.0, 100.0])
    sides.on("y", [1e-80], framed=False)
    low, high = sides.layout("y")["range"]
    assert -1.0 < low < 0.0
    assert 2.0 < high < 3.0


def test_a_natural_logarithm_stands_at_its_power_of_ten() -> None:
    sides = Sides(Axis("lag"), Axis("size", "ln"))
    assert unpacked(sides.on("y", [-1000 * math.log(10)])).tolist() == pytest.approx([-1000.0])


def test_zero_and_what_is_no_number_do_not_widen_a_logarithmic_axis() -> None:
    sides = Sides(Axis("time"), Axis("size", "log"))
    sides.on("y", [0.0, np.nan, np.inf, 1.0, 10.0])
    low, high = sides.layout("y")["range"]
    assert low < 0.0
    assert 1.0 < high < 2.0


def test_a_level_is_in_sight_and_named() -> None:
    sides = Sides(Axis("time"), Axis("size"))
    sides.on("y", [0.0, 1.0])
    sides.level("threshold", 5.0, "y")
    assert sides.layout("y")["range"][1] > 5.0
    assert sides.levels[0]["label"]["text"] == "threshold"


def test_words_stay_words() -> None:
    assert Sides(Axis("gate"), Axis("share")).on("x", ["i", "f"]) == ["i", "f"]


def test_few_whole_steps_are_ticks_each() -> None:
    sides = Sides(Axis("update"), Axis("loss"))
    sides.on("x", [1, 2])
    assert sides.layout("x")["dtick"] == 1
