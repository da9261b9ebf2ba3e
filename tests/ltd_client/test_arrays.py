"""Traces as arrays whose axes have coordinates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ltd_client import Lab
from ltd_client.arrays import numbers
from services.traces import reading
from tests.ltd_client.house import UPDATES, end_all, spec
from tests.support.lab import Lab as House

pytestmark = pytest.mark.xdist_group("client")


def test_words_of_json_are_numbers_again() -> None:
    found = numbers([[1.0, "Infinity"], ["-Infinity", None]])
    assert found == [[1.0, math.inf], [-math.inf, None]]
    assert math.isnan(numbers("NaN"))


def test_axes_have_the_coordinates_that_they_are_counted_by(sdk: Lab, house: House, gates: str) -> None:
    array = sdk.array(gates, "delta_log_norm")
    assert (array.axes, array.level) == (("step", "lag"), 0)
    assert array.coordinates["step"].tolist() == list(range(1, 41))
    assert array.coordinates["lag"].tolist() == list(range(20))
    stored = reading.read(house.db, gates, "delta_log_norm").values
    assert np.array_equal(np.asarray(array, np.float32), stored, equal_nan=True)
    gate = sdk.array(gates, "gate_mean", start=20)
    assert gate.coordinates["step"].tolist() == [20, 30, 40]
    assert gate.coordinates["gate"].tolist() == ["i", "f", "o"]
    assert repr(gate).startswith("TraceArray(gate_mean [")


def test_axes_without_steps_have_their_own_coordinates(sdk: Lab, escape: str) -> None:
    array = sdk.array(escape, "escaped_by")
    assert array.axes == ("threshold", "rule", "update")
    assert array.shape == (2, 3, 50)
    assert array.coordinates["threshold"].tolist() == [0.1, 1.0]
    assert array.coordinates["rule"].tolist() == ["no clipping", "norm", "random step"]
    assert sdk.array(escape, "escaped_by", start=2).coordinates["threshold"].tolist() == [1.0]


def test_of_more_points_there_are_means(sdk: Lab, house: House) -> None:
    run_id = sdk.run(spec())["id"]
    end_all(house)
    array = sdk.array(run_id, "loss", max_points=10)
    assert (array.level, array.shape) == (4, (-(-UPDATES // 16),))
    assert array.coordinates["step"].tolist() == list(range(1, UPDATES + 1, 16))
    assert array.values[0] == 0.25, "the spike to infinity counts in no mean"
    assert "means of 16 points" in repr(array)


def test_xarray_takes_names_coordinates_and_unit(sdk: Lab, gates: str, escape: str) -> None:
    gate = sdk.array(gates, "gate_mean")
    made = gate.to_xarray()
    assert made.dims == ("step", "gate")
    assert made.sel(gate="f", step=20).item() == gate.values[1, 1]
    assert (made.name, made.attrs["units"], made.attrs["run"]) == ("gate_mean", gate.unit, gates)
    assert sdk.array(escape, "escaped_share").to_xarray().sel(threshold=1.0, rule="norm").shape == ()
