"""Lines of several runs on common points, against figures worked out by hand."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np

from ltd_core.picture import Axis, Curve
from ltd_core.trace import TraceInfo
from services.pictures.runs_band import Lines, lines_of, quantile
from services.pictures.sides import Sides
from services.traces.reading import TraceView

NAN, INF = np.nan, np.inf
LOSS = TraceInfo("loss", "loss", ("step",), 1, "")
MEMORY = TraceInfo("memory_curve", "ratio", ("step", "lag"), 1, "", (3,))


@dataclass
class Run:
    """The stored numbers of a run, given."""

    info: TraceInfo
    numbers: np.ndarray
    cell: int = 1

    @property
    def declared(self) -> dict[str, TraceInfo]:
        return {self.info.name: self.info}

    def view(self, _: str) -> TraceView:
        steps = np.arange(len(self.numbers)) * self.cell + 1
        return TraceView(self.info, int(self.cell > 1), self.cell, steps, np.ones(len(steps), int))

    def values(self, _: str) -> np.ndarray:
        return self.numbers

    def cut(self, _: str, kept: tuple[str, ...], at: dict[str, int]) -> np.ndarray:
        return self.numbers[tuple(slice(None) if axis in kept else at.get(axis, -1) for axis in self.info.axes)]

    def along(self, _: str, axis: str) -> list[float]:
        return list(self.info.along(axis))


def lines(*runs: Run, along: str = "step", by: str = "", bins: int = 0) -> Lines:
    return lines_of(Curve(runs[0].info.name, along, by=by, bins=bins), runs)  # type: ignore[arg-type]


def test_a_run_in_finer_cells_is_brought_to_the_cells_of_the_coarsest() -> None:
    found = lines(Run(LOSS, np.array([1.0, 3.0, 5.0, 7.0])), Run(LOSS, np.array([10.0, 20.0, 30.0]), cell=2))
    np.testing.assert_array_equal(found.values, [[2, 6, NAN], [10, 20, 30]])
    assert found.x == [1.5, 3.5, 5.5]
    assert found.points == 2


def test_a_run_that_ends_before_the_others_is_ringed_at_its_last_finite_point() -> None:
    found = lines(Run(LOSS, np.array([1.0, 2.0, 3.0])), Run(LOSS, np.array([4.0, 5.0])), Run(LOSS, np.array([6, NAN])))
    assert found.ends == ((2.0, 5.0), (1.0, 6.0))
    lone = found.traces("norm 1", {"color": "#3d6be0"}, Sides(Axis("x"), Axis("y")), shaded=False)[0]["y"]
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(lone["bdata"]), lone["dtype"]), [4, 3.5, NAN])
    traces = found.traces("norm 1", {"color": "#3d6be0"}, Sides(Axis("x"), Axis("y")), shaded=True)
    assert [trace.get("name") for trace in traces] == [None, "lowest to highest of 3 runs", "norm 1", "a run ends"]


def test_of_an_axis_beside_the_steps_the_last_point_is_taken() -> None:
    found = lines(Run(MEMORY, np.array([[9.0, 9, 9], [3, 2, 1]])), Run(MEMORY, np.array([[4.0, 5, 6]])), along="lag")
    np.testing.assert_array_equal(found.values, [[3, 2, 1], [4, 5, 6]])


def test_points_that_stand_alone_between_zeros_are_joined() -> None:
    found = lines(Run(MEMORY, np.array([[4.0, 0, 1]])), Run(MEMORY, np.array([[3.0, 0, 2]])), along="lag")
    np.testing.assert_array_equal(found.values, [[4, 1], [3, 2]])
    assert found.sparse
    assert found.x == [MEMORY.along("lag")[0], MEMORY.along("lag")[2]]
    assert not lines(Run(MEMORY, np.array([[4.0, 1, 0]])), along="lag").sparse


def test_yes_and_no_of_every_step_are_put_together_to_the_bins_of_the_picture() -> None:
    found = lines(Run(LOSS, np.tile([0.0, 1.0], 8)), bins=4)
    np.testing.assert_array_equal(found.values, [[0.5] * len(found.x)])
    assert len(found.x) == 8


def test_the_middle_80_percent_is_named_and_of_few_runs_all() -> None:
    sides = Sides(Axis("x"), Axis("y"))
    eight = Lines([1.0, 2.0], np.arange(16.0).reshape(8, 2)).traces("a", {"color": "#3d6be0"}, sides, shaded=True)
    assert eight[1]["name"] == "middle 80 % of 8 runs"
    one = Lines([1.0, 2.0], np.array([[1.0, 2.0]])).traces("a", {"color": "#3d6be0"}, sides, shaded=True)
    assert [trace["name"] for trace in one] == ["a"]


def test_a_quantile_of_zeros_as_logarithms_is_one_of_them() -> None:
    values = np.array([[-INF, 1.0, NAN], [-INF, 2.0, NAN], [0.0, 4.0, NAN], [1.0, 9.0, NAN]])
    np.testing.assert_array_equal(quantile(values, 0.5), [-INF, 3.0, NAN])


def test_a_trace_that_no_run_has_is_no_line() -> None:
    assert lines(Run(LOSS, np.empty(0))).x == []


def test_the_band_of_many_runs_holds_their_middle_80_percent() -> None:
    values = np.tile(np.arange(11.0)[:, None], (1, 3))
    traces = Lines([1.0, 2.0, 3.0], values).traces("a", {"color": "#3d6be0"}, Sides(Axis("x"), Axis("y")), shaded=True)
    low, high, middle = (np.frombuffer(base64.b64decode(t["y"]["bdata"]), t["y"]["dtype"]) for t in traces)
    assert (low.tolist(), high.tolist(), middle.tolist()) == ([1.0] * 3, [9.0] * 3, [5.0] * 3)
    assert traces[1]["name"] == "middle 80 % of 11 runs"
