"""Runs and comparisons as tables of pandas."""

from __future__ import annotations

import numpy as np
import pytest

from ltd_client import Lab
from tests.ltd_client.house import UPDATES, sweep

pytestmark = pytest.mark.xdist_group("client")


def test_a_row_a_run(sdk: Lab, ended: str) -> None:
    table = sdk.runs_table(sweep=ended)
    assert set(table.index) == {run["id"] for run in sdk.runs(sweep=ended)}
    assert set(table["clipping.threshold"]) == {0.1, 1.0}
    assert set(table["batch_size"]) == {5, 20}
    assert (table["final_loss"] == 0.25).all()
    assert set(table["outcome"]) == {"solved"}
    assert set(table["step"]) == {UPDATES}
    assert sdk.runs_table(search="no such run").empty


def test_a_comparison_has_its_values_as_index_and_columns(sdk: Lab, ended: str) -> None:
    asked = {"rows": "clipping.threshold", "columns": "batch_size", "metric": "final_loss", "aggregate": "median"}
    table = sdk.comparison_table(ended, **asked)
    assert (table.index.name, table.columns.name) == ("clipping.threshold", "batch_size")
    assert (table.loc[0.1, 5], table.loc[1.0, 20]) == (0.25, 0.25)
    assert (sdk.comparison_table(ended, figure="n", **asked) == 2).all(axis=None)
    assert table.attrs["metric"] == "final_loss"


def test_what_is_not_there_is_nan(sdk: Lab) -> None:
    posted = sdk.sweep(sweep())["id"]
    table = sdk.comparison_table(posted, metric="final_loss")
    sdk.cancel_sweep(posted)
    assert table.isna().all(axis=None)
    assert table.dtypes.unique().tolist() == [np.dtype(float)]
    assert list(table.index) == ["norm threshold 0.1", "norm threshold 1"]
