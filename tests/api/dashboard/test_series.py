from dataclasses import replace

import numpy as np

from api.dashboard.series import MOST_COLUMNS, curve, picture
from ltd_core.trace import TraceInfo
from services.traces.reading import TraceView

LOSS = TraceInfo("loss", "loss", ("step",), 1, "")
DELTA = TraceInfo("delta_norm", "norm", ("step", "lag"), 1, "", (3,))
NAN, INF = np.nan, np.inf


def view(info: TraceInfo, values: np.ndarray) -> TraceView:
    steps = np.arange(1, len(values) + 1)
    return TraceView(info, 0, 1, steps, np.ones(len(values), dtype=int), values=values)


def test_a_curve_keeps_four_digits_and_names_what_json_has_no_number_for() -> None:
    body = curve(view(LOSS, np.array([0.123456, NAN, INF, -INF])))
    assert body["values"] == [0.1235, "NaN", "Infinity", "-Infinity"]
    assert body["steps"] == [1, 2, 3, 4]


def test_a_curve_above_level_0_keeps_the_extremes() -> None:
    cells = {
        name: np.array([value]) for name, value in (("minimum", 1.0), ("maximum", 9.0), ("mean", 2.0), ("last", 3.0))
    }
    body = curve(TraceView(LOSS, 1, 16, np.array([1]), np.array([16]), **cells, nonfinite=np.array([2])))
    assert (body["minimum"], body["maximum"], body["mean"], body["nonfinite"]) == ([1.0], [9.0], [2.0], [2])


def test_a_picture_is_in_hundredths_of_log10_by_lag() -> None:
    body = picture(view(DELTA, np.array([[1.0, 0.1, NAN], [10.0, 0.0, 0.02]])))
    assert body == {"steps": [1.0, 2.0], "hundredths": [[0, 100], [-100, "0"], [None, -170]]}


def test_a_long_picture_has_medians_of_neighboring_updates() -> None:
    values = np.ones((3 * MOST_COLUMNS, 3))
    values[0::3] = 1e6  # one outlier a column
    values[:, 2] = NAN
    values[0::3, 2] = 1.0  # there in one update of three: blank
    body = picture(view(DELTA, values))
    assert len(body["steps"]) == MOST_COLUMNS
    assert body["steps"][:2] == [2.0, 5.0]
    assert set(body["hundredths"][0]) == {0}
    assert set(body["hundredths"][2]) == {None}


def test_an_empty_trace_is_an_empty_picture() -> None:
    assert picture(view(DELTA, np.empty((0, 3)))) == {"steps": [], "hundredths": []}


def test_logarithms_of_norms_make_the_same_picture_and_reach_further() -> None:
    info = replace(DELTA, name="delta_log_norm", unit="nats")
    norms = np.array([[1.0, 0.1, NAN], [10.0, 0.0, 0.02]])
    with np.errstate(divide="ignore"):
        logs = np.log(norms)
    assert picture(view(info, logs)) == picture(view(DELTA, norms))
    assert picture(view(info, np.array([[0.0, -3000.0, -INF]])))["hundredths"] == [[0], [-130288], ["0"]]
