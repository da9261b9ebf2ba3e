from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from flask.testing import FlaskClient

from api.bodies.arrow import ARROW, NPY
from api.bodies.traces import ManyTraces
from ltd_core.trace import TraceBlock
from services.database.engine import Database
from services.runs import lifecycle
from services.traces import reading
from tests.api.lab import LENGTH, PROBLEM, block, claim, progress, spec

POINTS = 300
ODD = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3.4e38], np.float32)


@pytest.fixture
def stored(client: FlaskClient, db: Database) -> dict[str, dict[str, np.ndarray[Any, Any]]]:
    """Two runs with a curve and a trace of two axes, each with every odd number: their values by run and name."""
    made = {}
    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        loss, delta = rng.normal(size=POINTS).astype(np.float32), rng.normal(size=(POINTS, LENGTH)).astype(np.float32)
        loss[: len(ODD)], delta[7, : len(ODD)] = ODD, ODD
        run_id = client.post("/api/v1/runs", json=spec(seed=seed)).json["id"]
        (mine,) = claim(db)
        lifecycle.record(db, [(mine.lease, progress(POINTS, blocks=(block("loss", loss), block("delta_norm", delta))))])
        made[run_id] = {"loss": loss, "delta_norm": delta}
    return made


def ask(client: FlaskClient, address: str, media: str) -> pa.Table:
    answer = client.get(address, headers={"Accept": media, "Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.content_type) == (200, media), answer.data
    assert "Content-Encoding" not in answer.headers
    assert "Accept" in answer.headers["Vary"]
    return pa.ipc.open_stream(answer.data).read_all()


def test_points_in_arrow_are_what_is_stored(client: FlaskClient, stored: dict[str, Any]) -> None:
    for run_id, named in stored.items():
        for name, values in named.items():
            table = ask(client, f"/api/v1/runs/{run_id}/traces/{name}", ARROW)
            flat = table["value"].combine_chunks()
            while pa.types.is_fixed_size_list(flat.type):
                flat = flat.flatten()
            assert flat.to_numpy(zero_copy_only=False).tobytes() == values.tobytes()
            assert table["step"].to_pylist() == list(range(1, POINTS + 1))
            said = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
            assert (said["run"], said["name"], said["level"], said["every"]) == (run_id, name, "0", "1")
            assert json.loads(said["axes"]) == (["step"] if name == "loss" else ["step", "lag"])


def test_arrow_names_the_coordinates_of_axes(client: FlaskClient, db: Database) -> None:
    asked = spec(cell={"kind": "lstm", "hidden_size": 4}, observation={"every": 10, "sequences": 2})
    run_id = client.post("/api/v1/runs", json=asked).json["id"]
    (mine,) = claim(db)
    gates = TraceBlock("gate_mean", 10, 10, np.ones((2, 3), np.float32))
    loss = block("loss", np.ones(20, np.float32))
    lifecycle.record(db, [(mine.lease, progress(20, blocks=(loss, gates)))])
    for name, coordinates in (("gate_mean", {"gate": ["i", "f", "o"]}), ("loss", {})):
        metadata = ask(client, f"/api/v1/runs/{run_id}/traces/{name}", ARROW).schema.metadata
        assert json.loads(metadata[b"coordinates"]) == coordinates
    both = ask(client, f"/api/v1/traces?runs={run_id}&names=loss,gate_mean", ARROW).schema.metadata
    assert json.loads(both[b"coordinates"]) == {run_id: {"loss": {}, "gate_mean": {"gate": ["i", "f", "o"]}}}


def test_cells_in_arrow_are_those_of_the_store(client: FlaskClient, db: Database, stored: dict[str, Any]) -> None:
    for run_id in stored:
        table = ask(client, f"/api/v1/runs/{run_id}/traces/loss?max_points=20", ARROW)
        view = reading.read(db, run_id, "loss", max_points=20)
        assert (view.level > 0, table.num_rows) == (True, len(view.steps))
        for name in ("minimum", "maximum", "mean", "last", "nonfinite", "count"):
            assert np.array_equal(table[name].to_numpy(), getattr(view, name), equal_nan=True)


def test_numpy_reads_points_and_means(client: FlaskClient, db: Database, stored: dict[str, Any]) -> None:
    for run_id, named in stored.items():
        for name, values in named.items():
            address = f"/api/v1/runs/{run_id}/traces/{name}"
            found = np.load(io.BytesIO(client.get(address, headers={"Accept": NPY}).data), allow_pickle=False)
            assert (found.dtype, found.shape, found.tobytes()) == (values.dtype, values.shape, values.tobytes())
            means = client.get(f"{address}?max_points=20", headers={"Accept": NPY}).data
            expected = reading.read(db, run_id, name, max_points=20).mean
            assert np.array_equal(np.load(io.BytesIO(means)), expected, equal_nan=True)
            refused = client.get(f"{address}?max_points=20&figures=last", headers={"Accept": NPY})
            assert (refused.status_code, refused.content_type) == (406, PROBLEM)


def test_json_is_the_default_and_other_types_are_refused(client: FlaskClient, stored: dict[str, Any]) -> None:
    address = f"/api/v1/runs/{next(iter(stored))}/traces/loss"
    tags = set()
    for accept in ("*/*", "application/*", "text/html,application/json;q=0.5", f"{ARROW};q=0.1,application/json"):
        answer = client.get(address, headers={"Accept": accept})
        assert (answer.status_code, answer.content_type) == (200, "application/json")
        tags.add(answer.headers["ETag"])
    tags |= {client.get(address, headers={"Accept": media}).headers["ETag"] for media in (ARROW, NPY)}
    assert len(tags) == 3
    refused = client.get(address, headers={"Accept": "image/png"})
    assert (refused.status_code, refused.content_type) == (406, PROBLEM)
    assert ARROW in refused.json["detail"]
    assert (
        client.get(f"/api/v1/traces?runs={next(iter(stored))}&names=loss", headers={"Accept": NPY}).status_code == 406
    )


def test_several_runs_and_traces_at_once(client: FlaskClient, stored: dict[str, Any]) -> None:
    address = f"/api/v1/traces?runs={','.join(stored)}&names=loss,delta_norm"
    body = client.get(f"{address}&from=3&to=9").json
    ManyTraces.model_validate(body)
    assert [(one["run"], one["name"]) for one in body["traces"]] == [(r, n) for r in stored for n in stored[r]]
    for one in body["traces"]:
        alone = client.get(f"/api/v1/runs/{one['run']}/traces/{one['name']}?from=3&to=9").json
        assert one == alone
    table = ask(client, address, ARROW).to_pandas()
    for run_id, named in stored.items():
        for name, values in named.items():
            mine = table[(table["run"] == run_id) & (table["name"] == name)]
            assert mine["value"].to_numpy().astype(np.float32).tobytes() == values.tobytes()
            assert mine["step"].to_list() == np.repeat(np.arange(1, POINTS + 1), values[0].size).tolist()
    cells = ask(client, f"{address}&max_points=20", ARROW)
    assert cells["value"].null_count == cells.num_rows
    assert cells["minimum"].null_count == 0


def test_what_many_refuses(client: FlaskClient, stored: dict[str, Any]) -> None:
    run_id, other = next(iter(stored)), "0" * 32
    for query, status, word in (
        (f"runs={run_id},{other}&names=loss", 404, other),
        (f"runs={run_id}&names=loss,beauty", 404, "beauty"),
        ("names=loss", 400, "runs"),
        (f"runs={run_id}", 400, "names"),
        (f"runs={','.join(f'{i:032x}' for i in range(201))}&names=loss", 400, "at most 200"),
        (f"runs={'x' * 8001}&names=loss", 400, "8000"),
    ):
        answer = client.get(f"/api/v1/traces?{query}")
        assert (answer.status_code, answer.content_type) == (status, PROBLEM)
        assert word in answer.json["detail"]


def test_an_answer_of_several_has_a_tag(client: FlaskClient, stored: dict[str, Any]) -> None:
    address = f"/api/v1/traces?runs={','.join(stored)}&names=loss"
    tag = {"If-None-Match": client.get(address).headers["ETag"]}
    assert client.get(address, headers=tag).status_code == 304
    assert client.get(address, headers=tag | {"Accept": ARROW}).status_code == 200
