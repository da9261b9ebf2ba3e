"""The application whole: what no resource decides for itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from api import create_app
from services.database.engine import Database
from services.runs import lifecycle
from services.settings import Settings
from tests.api.lab import PROBLEM, block, claim, progress, spec


@pytest.fixture
def run_id(client: FlaskClient, db: Database) -> str:
    client.post("/api/v1/runs", json=spec())
    (one,) = claim(db)
    lifecycle.record(db, [(one.lease, progress(100, blocks=(block("delta_norm", np.ones((100, 20))),)))])
    return one.lease.run_id


def test_unknown_addresses_and_methods(client: FlaskClient) -> None:
    missing = client.get("/api/v1/nothing")
    assert (missing.status_code, missing.content_type) == (404, PROBLEM)
    wrong = client.put("/api/v1/runs", json={})
    assert (wrong.status_code, wrong.content_type) == (405, PROBLEM)
    assert set(wrong.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize("url", ["sqlite:////nowhere/ltd.db", "postgresql://ltd@127.0.0.1:1/ltd"])
def test_a_store_that_is_away_is_told(tmp_path: Path, url: str) -> None:
    app = create_app(Settings(home=tmp_path, database_url=url))
    answer = app.test_client().get("/api/v1/runs")
    assert (answer.status_code, answer.content_type) == (503, PROBLEM)
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_large_answers_to_other_machines_are_compressed(
    client: FlaskClient, settings: Settings, run_id: str, encoding: str
) -> None:
    address = f"/api/v1/runs/{run_id}/traces/delta_norm"
    headers = {"Accept-Encoding": encoding, "Authorization": "Bearer sesame"}
    app = create_app(Settings(**(settings.model_dump() | {"token": "sesame"})))
    packed = app.test_client().get(address, headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    app.extensions["ltd"].db.dispose()
    plain = client.get(address)
    assert packed.headers["Content-Encoding"] == encoding
    assert set(packed.headers["Vary"].split(", ")) == {"Accept", "Accept-Encoding"}
    assert len(packed.data) < len(plain.data) / 4
    tag = {"If-None-Match": packed.headers["ETag"]}  # is of what is said, not of how it is packed
    assert client.get(address, headers=tag).status_code == 304


def test_answers_to_the_same_machine_are_compressed_for_a_proxy_alone(client: FlaskClient, run_id: str) -> None:
    address, accepts = f"/api/v1/runs/{run_id}/traces/delta_norm", {"Accept-Encoding": "zstd"}
    assert "Content-Encoding" not in client.get(address, headers=accepts).headers
    proxied = client.get(address, headers=accepts | {"X-Forwarded-For": "192.0.2.1"})
    assert proxied.headers["Content-Encoding"] == "zstd"


def test_a_stream_is_never_compressed(client: FlaskClient, run_id: str) -> None:
    with client.get(
        f"/api/v1/runs/{run_id}/events", headers={"Accept-Encoding": "gzip", "X-Forwarded-For": "192.0.2.1"}
    ) as answer:
        assert "Content-Encoding" not in answer.headers  # it would wait in a buffer
