from __future__ import annotations

import csv
import io

import numpy as np

from services.pictures.sides import packed
from services.pictures.table import csv_of


def rows(figure: dict[str, object]) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_of(figure))))


def test_a_curve_is_a_row_a_point() -> None:
    figure = {"data": [{"name": "loss", "x": packed(np.array([1.0, 2.0])), "y": packed(np.array([0.5, np.nan]))}]}
    assert rows(figure) == [["name", "x", "y", "z"], ["loss", "1.0", "0.5", ""], ["loss", "2.0", "nan", ""]]


def test_colors_are_a_row_a_place() -> None:
    figure = {"data": [{"x": [1, 2], "y": ["a"], "z": packed(np.array([[0.25, 4.0]]))}]}
    assert rows(figure)[1:] == [["", "1", "a", "0.25"], ["", "2", "a", "4.0"]]


def test_a_histogram_has_its_values_alone() -> None:
    assert rows({"data": [{"name": "", "x": packed(np.array([3.0]))}]})[1:] == [["", "3.0", "", ""]]
