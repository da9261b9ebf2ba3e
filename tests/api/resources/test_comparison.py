"""The comparison over REST, against figures worked out by hand."""

from __future__ import annotations

import csv
import io
import json
from statistics import mean, median
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.bodies.comparison import Comparison
from api.bodies.pictures import Pictures
from ltd_core.metrics import METRICS
from services.comparison.bootstrap import AGGREGATES
from services.database.engine import Database
from services.pictures.metric_lines import metric_lines
from services.runs import lifecycle
from tests.api.lab import PROBLEM, claim, progress, spec, sweep

SEEDS = 3
LOSSES = {  # by threshold and batch size, for the seeds 0, 1, 2; None: diverged
    (0.1, 5): (1.0, 2.0, 9.0),
    (0.1, 20): (4.0, 4.0, 4.0),
    (1.0, 5): (8.0, None, 6.0),
    (1.0, 20): (None, None, None),
}
THRESHOLDS, SIZES = (0.1, 1.0), (5, 20)
ASKED = {"rows": "clipping.threshold", "columns": "batch_size", "metric": "final_loss"}


@pytest.fixture
def address(client: FlaskClient) -> str:
    made = client.post("/api/v1/sweeps", json=sweep(seeds=list(range(SEEDS))))
    return f"{made.headers['Location']}/comparison"


@pytest.fixture
def ended(db: Database, address: str) -> str:
    """The address of a sweep whose every run has ended."""
    while claims := claim(db, 100):  # a claim is of one shape
        for one in claims:
            full = one.spec.full()
            loss = LOSSES[full["clipping"]["threshold"], full["batch_size"]][full["seed"]]
            told = progress(9, "diverged") if loss is None else progress(1000, "exhausted", final_loss=loss)
            assert lifecycle.record(db, [(one.lease, told)]) == {one.lease.run_id: lifecycle.Recorded.OK}
    return address


def compare(client: FlaskClient, address: str, **asked: str) -> dict[str, Any]:
    answer = client.get(address, query_string=ASKED | asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json
    Comparison.model_validate(body)
    return body


@pytest.mark.parametrize(("name", "figure"), [("mean", mean), ("median", median), ("min", min), ("max", max)])
def test_figures(client: FlaskClient, ended: str, name: str, figure: Any) -> None:
    body = compare(client, ended, aggregate=name)
    assert body["rows"] == {
        "field": "clipping.threshold",
        "values": [{"value": t, "label": f"{t:g}"} for t in THRESHOLDS],
    }
    assert body["columns"] == {"field": "batch_size", "values": [{"value": b, "label": str(b)} for b in SIZES]}
    for row, threshold in zip(body["cells"], THRESHOLDS, strict=True):
        for cell, size in zip(row, SIZES, strict=True):
            found = [loss for loss in LOSSES[threshold, size] if loss is not None]
            assert cell["n"] == len(found)
            assert cell["value"] == (pytest.approx(figure(found)) if found else None)
            assert cell["missing"] == ({"diverged": SEEDS - len(found)} if len(found) < SEEDS else {})
            assert len(cell["runs"]) == SEEDS
            if name in {"min", "max"} or len(found) < 2:
                assert cell["low"] is cell["high"] is None
            elif found:
                assert min(found) <= cell["low"] <= cell["value"] <= cell["high"] <= max(found)


def test_the_metric_is_described(client: FlaskClient, ended: str) -> None:
    for name, metric in METRICS.items():
        told = compare(client, ended, metric=name)["metric"]
        assert told == {
            "name": name,
            "unit": metric.unit,
            "better": metric.better,
            "description": metric.description,
            "yes_or_no": metric.yes_or_no,
        }


def test_the_intervals_are_the_same_each_time(client: FlaskClient, ended: str) -> None:
    for aggregate in set(AGGREGATES) - {"success_rate"}:
        assert compare(client, ended, aggregate=aggregate) == compare(client, ended, aggregate=aggregate)


def test_rows_and_columns_change_places(client: FlaskClient, ended: str) -> None:
    straight = compare(client, ended)
    turned = compare(client, ended, rows=ASKED["columns"], columns=ASKED["rows"])
    assert (turned["rows"], turned["columns"]) == (straight["columns"], straight["rows"])
    assert turned["cells"] == [list(column) for column in zip(*straight["cells"], strict=True)]


def test_a_field_off_the_axes_gathers_the_rest(client: FlaskClient, ended: str) -> None:
    body = compare(client, ended, rows="problem.length", aggregate="max")
    assert [value["value"] for value in body["rows"]["values"]] == [20]
    assert [(cell["value"], cell["n"]) for cell in body["cells"][0]] == [(9.0, 5), (4.0, 3)]
    seeds = compare(client, ended, rows="seed", columns="batch_size", aggregate="min")
    assert [[cell["value"] for cell in row] for row in seeds["cells"]] == [[1.0, 4.0], [2.0, 4.0], [6.0, 4.0]]


def test_every_run_is_in_one_cell_and_says_why_it_has_no_value(client: FlaskClient, db: Database, address: str) -> None:
    (going,) = claim(db, 1)
    lifecycle.record(db, [(going.lease, progress(250, best_loss=0.5))])
    (waiting,) = client.get("/api/v1/runs?state=queued&limit=1").json["runs"]
    client.post(f"/api/v1/runs/{waiting['id']}/cancel")
    cells = [cell for row in compare(client, address)["cells"] for cell in row]
    members = [run for cell in cells for run in cell["runs"]]
    assert len(set(members)) == len(members) == 12
    missing = {}
    for cell in cells:
        for reason, count in cell["missing"].items():
            missing[reason] = missing.get(reason, 0) + count
    assert missing == {"queued": 10, "running": 1, "cancelled": 1}
    assert {cell["value"] for cell in cells} == {None}


def test_whole_mechanisms_are_labelled_in_their_own_order(client: FlaskClient) -> None:
    rules = [{"kind": "norm", "threshold": 1}, {"kind": "none"}, {"kind": "value", "threshold": 0.5}]
    axes = {"clipping": rules, "batch_size": [5]}
    made = client.post("/api/v1/sweeps", json=sweep(axes=axes, seeds=[0])).headers["Location"]
    rows = compare(client, f"{made}/comparison", rows="clipping")["rows"]["values"]
    assert [row["label"] for row in rows] == ["norm threshold 1", "none", "value threshold 0.5"]


def test_an_answer_is_sent_again_only_when_it_has_changed(client: FlaskClient, db: Database, address: str) -> None:
    tag = {"If-None-Match": client.get(address, query_string=ASKED).headers["ETag"]}
    unchanged = client.get(address, query_string=ASKED, headers=tag)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    (mine,) = claim(db, 1)
    lifecycle.record(db, [(mine.lease, progress(1000, "exhausted", final_loss=1.0))])
    assert client.get(address, query_string=ASKED, headers=tag).status_code == 200


def test_a_field_that_no_run_has_is_named(client: FlaskClient, address: str) -> None:
    for side in ("rows", "columns"):
        for field in ("beauty", "clipping.beauty", "batch_size.x", "."):
            answer = client.get(address, query_string={side: field})
            assert (answer.status_code, answer.content_type) == (400, PROBLEM)
            assert [error["field"] for error in answer.json["errors"]] == [side]


def test_a_sweep_without_axes_has_one_cell(client: FlaskClient) -> None:
    made = client.post("/api/v1/sweeps", json={"name": "one", "base": spec(), "seeds": [0, 1]}).headers["Location"]
    ((cell,),) = client.get(f"{made}/comparison").json["cells"]
    assert cell["missing"] == {"queued": 2}


def test_the_same_table_as_csv(client: FlaskClient, ended: str) -> None:
    asked = ASKED | {"panels": "seed", "aggregate": "mean"}
    body = compare(client, ended, **asked)
    answer = client.get(ended, query_string=asked, headers={"Accept": "text/csv"})
    assert (answer.mimetype, "Accept" in answer.headers["Vary"]) == ("text/csv", True)
    heading, *lines = csv.reader(io.StringIO(answer.text))
    assert heading == [
        "seed",
        "clipping.threshold",
        "batch_size",
        "metric",
        "aggregate",
        "value",
        "low",
        "high",
        "n",
        "missing",
    ]
    assert len(lines) == SEEDS * 4
    cells = [cell for panel in body["panels"]["cells"] for row in panel for cell in row]
    for line, cell in zip(lines, cells, strict=True):
        assert line[5] == ("" if cell["value"] is None else str(cell["value"]))
        assert line[-1] == " ".join(f"{reason}:{count}" for reason, count in cell["missing"].items())


def test_an_aggregate_without_a_meaning_is_named(client: FlaskClient, ended: str) -> None:
    for metric, aggregate in (("final_loss", "success_rate"), ("success", "median"), ("diverged", "quantile")):
        answer = client.get(ended, query_string={"metric": metric, "aggregate": aggregate})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "aggregate")
    assert client.get(ended).json["aggregate"] == "success_rate"


def test_the_best_cell_is_told_with_what_is_lacking(client: FlaskClient, ended: str) -> None:
    """The lowest mean is of a cell that lacks none; cells with diverged runs do not compete."""
    body = compare(client, ended, aggregate="mean")
    place = {"panel": None, "row": 0, "column": 0}
    assert body["best"] == place | {"complete": True, "others": 1, "rivals": 1, "left_out": 2}
    assert body["lacking"] == {"diverged": 4}


def test_csv_tells_every_value_in_full(client: FlaskClient) -> None:
    rates, seeds = [0.1234567, 0.12345671, 0.1234568], [2**53 + 1, 20241101, 20241102]
    rules = [{"kind": "none"}, {"kind": "norm", "threshold": 1}]
    axes = {"optimizer.lr": rates, "clipping": rules}
    made = client.post("/api/v1/sweeps", json=sweep(axes=axes, seeds=seeds)).headers["Location"]
    for field, values in (("optimizer.lr", map(str, rates)), ("seed", map(str, seeds))):
        asked = {"rows": field, "columns": "batch_size"}
        text = client.get(f"{made}/comparison", query_string=asked, headers={"Accept": "text/csv"}).text
        assert {line[0] for line in list(csv.reader(io.StringIO(text)))[1:]} == set(values)
    asked = {"rows": "clipping", "columns": "batch_size"}
    text = client.get(f"{made}/comparison", query_string=asked, headers={"Accept": "text/csv"}).text
    assert [json.loads(line[0]) for line in list(csv.reader(io.StringIO(text)))[1:]] == rules


def test_a_share_is_a_number_from_0_to_1(client: FlaskClient, ended: str) -> None:
    low, high = (compare(client, ended, aggregate="quantile", quantile=share) for share in ("0", "1.0"))
    assert (low["cells"][0][0]["value"], high["cells"][0][0]["value"]) == (1.0, 9.0)
    for wrong in ("2", "-0.1", "nan", "1e1", ".", "0.1.2"):
        answer = client.get(ended, query_string={"quantile": wrong})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "quantile"), wrong


def test_the_picture_of_a_comparison_has_its_values_along_a_numeric_field(client: FlaskClient, ended: str) -> None:
    answer = client.get(f"{ended}/pictures", query_string=ASKED | {"aggregate": "mean"})
    assert answer.status_code == 200, answer.text
    Pictures.model_validate(answer.json)
    (figure,) = answer.json["pictures"]
    assert figure == metric_lines(compare(client, ended, aggregate="mean"))
    assert [line["name"] for line in figure["data"]] == ["5", "20"]
    assert figure["title"] == "How does the mean of final loss depend on the clipping threshold?"
    assert client.get(f"{ended}/pictures?metric=nonsense").status_code == 400


def test_a_comparison_without_values_has_no_picture(client: FlaskClient, address: str) -> None:
    assert client.get(f"{address}/pictures", query_string=ASKED).json == {"pictures": []}
