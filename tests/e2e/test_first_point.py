"""From a submission over REST to the first point of a trace that REST can read."""

from __future__ import annotations

from http import HTTPStatus

import httpx2
import pytest

from tests.support.lab import Lab
from tests.support.parts import DEADLINE, wait_for

pytestmark = pytest.mark.xdist_group("workers")
UPDATES = 100_000


def test_the_first_point_is_there_long_before_the_run_ends(lab: Lab) -> None:
    """How many seconds it takes is measured by the benchmark first_point."""
    lab.start({"LTD_LANES": "0"})
    spec = {"problem": {"kind": "temporal_order", "length": 100}, "updates": UPDATES}
    with httpx2.Client(base_url=lab.serve().url, timeout=DEADLINE) as client:
        posted = client.post("/api/v1/runs", json=spec)
        assert posted.status_code == HTTPStatus.CREATED, posted.text
        address = f"/api/v1/runs/{posted.json()['id']}"

        def points() -> list[int]:
            found = client.get(f"{address}/traces/loss", params={"max_points": UPDATES})
            return found.json()["steps"] if found.status_code == HTTPStatus.OK else []

        first = wait_for(points)
        assert first == list(range(1, len(first) + 1))
        assert len(first) < UPDATES / 10
        assert client.post(f"{address}/cancel").is_success
        wait_for(lambda: client.get(address).json()["state"] == "cancelled")
