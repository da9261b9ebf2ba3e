from __future__ import annotations

from flask.testing import FlaskClient

from api import create_app
from api.bodies.sweeps import CancelledSweep, PostedSweep, Sweep, Sweeps
from services.database.engine import Database
from services.runs import lifecycle
from services.settings import Settings
from services.sweeps import posted
from services.sweeps.request import parse_request
from tests.api.lab import PROBLEM, claim, progress, spec, sweep


def test_posting_again_starts_nothing_and_one_value_more_only_the_new_cells(client: FlaskClient) -> None:
    first = client.post("/api/v1/sweeps", json=sweep())
    assert first.status_code == 201
    assert (first.json["new"], first.json["stood"], first.json["runs"]) == (8, 0, 8)
    assert first.headers["Location"] == f"/api/v1/sweeps/{first.json['id']}"
    PostedSweep.model_validate(first.json)
    again = client.post("/api/v1/sweeps", json=sweep())
    assert (again.status_code, again.json["new"], again.json["stood"]) == (200, 0, 8)
    assert again.json["id"] == first.json["id"]
    more = client.post("/api/v1/sweeps", json=sweep(axes={"clipping.threshold": [0.1, 5.0], "batch_size": [5, 20]}))
    assert (more.status_code, more.json["new"], more.json["stood"]) == (201, 4, 4)
    assert len(client.get("/api/v1/runs?limit=500").json["runs"]) == 12


def test_a_run_posted_alone_is_one_of_the_sweep(client: FlaskClient) -> None:
    run = client.post("/api/v1/runs", json=spec(clipping={"kind": "norm", "threshold": 0.1})).json
    made = client.post("/api/v1/sweeps", json=sweep()).json
    assert (made["new"], made["stood"]) == (7, 1)
    mine = client.get("/api/v1/runs", query_string={"sweep": made["id"], "limit": 100}).json["runs"]
    assert len(mine) == 8
    assert run["id"] in {one["id"] for one in mine}


def test_progress_is_told(client: FlaskClient, db: Database) -> None:
    made = client.post("/api/v1/sweeps", json=sweep()).json
    ended, going = claim(db, 2)
    lifecycle.record(db, [(ended.lease, progress(400, "diverged")), (going.lease, progress(250))])
    found = Sweep.model_validate(client.get(f"/api/v1/sweeps/{made['id']}").json)
    assert (found.states, found.outcomes) == ({"queued": 6, "running": 1, "succeeded": 1}, {"diverged": 1})
    assert (found.updates_done, found.updates_total, found.finished) == (1250, 8000, False)


def test_cancelled_it_ends_and_posted_again_it_goes_on(client: FlaskClient) -> None:
    made = client.post("/api/v1/sweeps", json=sweep()).json
    gone = client.post(f"/api/v1/sweeps/{made['id']}/cancel")
    CancelledSweep.model_validate(gone.json)
    assert (gone.json["cancelled"], gone.json["kept"]) == (8, 0)
    assert (gone.status_code, gone.json["states"], gone.json["finished"]) == (202, {"cancelled": 8}, True)
    again = client.post("/api/v1/sweeps", json=sweep()).json
    assert (again["new"], again["restarted"], again["states"]) == (0, 8, {"queued": 8})


def test_a_cancelled_sweep_leaves_the_runs_of_another_and_says_how_many(client: FlaskClient) -> None:
    """They were cancelled for the other too, without a word."""
    made = client.post("/api/v1/sweeps", json=sweep()).json
    narrow = client.post("/api/v1/sweeps", json=sweep(axes={"clipping.threshold": [0.1], "batch_size": [5]})).json
    gone = client.post(f"/api/v1/sweeps/{made['id']}/cancel").json
    other = client.get(f"/api/v1/sweeps/{narrow['id']}").json
    assert other["states"] == {"queued": other["runs"]}
    assert (gone["kept"], gone["cancelled"]) == (other["runs"], 8 - other["runs"])
    assert (gone["cancelled_at"] is not None, other["cancelled_at"]) == (True, None)


def test_pages_hold_every_sweep_once(client: FlaskClient) -> None:
    names = [f"sweep {i}" for i in range(5)]
    for name in names:
        assert client.post("/api/v1/sweeps", json=sweep(name=name)).status_code == 201
    seen, cursor = [], None
    while True:
        page = Sweeps.model_validate(client.get("/api/v1/sweeps", query_string={"limit": 2, "cursor": cursor}).json)
        seen += [one.name for one in page.sweeps]
        cursor = page.next
        if cursor is None:
            break
    assert seen == names[::-1]


def test_a_list_counts_what_the_sweep_itself_spells_out(client: FlaskClient) -> None:
    """A page repeated every seed of every sweep: 590 kB for 100,000."""
    asked = sweep(axes={"clipping.threshold": [0.1], "updates": list(range(1, 501))}, seeds=[5, 0, 2**62])
    made = client.post("/api/v1/sweeps", json=asked).json
    page = client.get("/api/v1/sweeps")
    (listed,) = Sweeps.model_validate(page.json).sweeps
    assert listed.seeds.model_dump() == {"count": 3, "least": 0, "greatest": 2**62}
    assert listed.axis_sizes == {"clipping.threshold": 1, "updates": 500}
    assert listed.axes["clipping.threshold"] == [0.1]
    assert listed.axes["updates"] == list(range(1, len(listed.axes["updates"]) + 1))
    assert len(page.data) < 2000
    whole = Sweep.model_validate(client.get(f"/api/v1/sweeps/{made['id']}").json)
    assert (whole.seeds, whole.axes) == ([5, 0, 2**62], asked["axes"])


def test_an_unknown_sweep_is_not_found(client: FlaskClient) -> None:
    for path in ("none", "none/comparison", "a%00b"):
        answer = client.get(f"/api/v1/sweeps/{path}")
        assert (answer.status_code, answer.content_type) == (404, PROBLEM)
    assert client.post("/api/v1/sweeps/none/cancel").status_code == 404


def test_the_comparison_is_of_the_runs_that_ended(client: FlaskClient, db: Database) -> None:
    made = client.post("/api/v1/sweeps", json=sweep()).json
    address = f"/api/v1/sweeps/{made['id']}/comparison"
    empty = client.get(address)
    assert {cell["n"] for row in empty.json["cells"] for cell in row} == {0}
    for one in [*claim(db, 8), *claim(db, 8)]:  # a claim is of one shape
        full = one.spec.full()
        loss = full["clipping"]["threshold"] * full["batch_size"] + full["seed"]
        lifecycle.record(db, [(one.lease, progress(1000, "exhausted", final_loss=loss))])
    answer = client.get(address, query_string={"metric": "final_loss", "aggregate": "mean"})
    # Flask sorts the axes that it sends: rows are batch sizes
    assert [[cell["value"] for cell in row] for row in answer.json["cells"]] == [[1.0, 5.5], [2.5, 20.5]]
    assert answer.headers["ETag"] != empty.headers["ETag"]
    tag = {"If-None-Match": answer.headers["ETag"]}
    unchanged = client.get(address, query_string={"metric": "final_loss", "aggregate": "mean"}, headers=tag)
    assert (unchanged.status_code, unchanged.data) == (304, b"")


def test_a_sweep_is_deleted_with_its_runs_once_they_have_ended(client: FlaskClient) -> None:
    made = client.post("/api/v1/sweeps", json=sweep()).json
    path = f"/api/v1/sweeps/{made['id']}"
    for query in ("", "?preview=false"):
        refused = client.delete(path + query)
        assert (refused.status_code, refused.content_type) == (409, PROBLEM)
        assert "8 runs" in refused.json["detail"]
    client.post(f"{path}/cancel")
    assert client.delete(f"{path}?preview=true").json == {"runs": 8, "kept": 0, "bytes": 0}
    assert client.delete(path).json == {"runs": 8, "kept": 0, "bytes": 0}
    assert client.get("/api/v1/runs").json["runs"] == client.get("/api/v1/sweeps").json["sweeps"] == []
    for answer in (client.get(path), client.delete(path), client.get(f"{path}/comparison?metric=final_loss")):
        assert answer.status_code == 404
    again = client.post("/api/v1/sweeps", json=sweep())
    assert (again.status_code, again.json["new"], again.json["states"]) == (201, 8, {"queued": 8})


def test_deleting_asks_for_the_token(settings: Settings, db: Database) -> None:
    sweep_id = posted.post(db, parse_request(sweep())).sweep_id
    guarded = create_app(settings.model_copy(update={"token": "a token"})).test_client()
    for path in (f"/api/v1/sweeps/{sweep_id}", f"/api/v1/runs/{'0' * 32}"):
        assert guarded.delete(path).status_code == 401
    assert posted.get(db, sweep_id).runs == 8
