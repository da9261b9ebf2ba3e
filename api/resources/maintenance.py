"""Care of what is stored: its room, its soundness, how long finest points are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict

from flask import Blueprint, Response

from api.bodies.answers import answer
from api.bodies.maintenance import CareSlice, Keep, Policies, Store
from api.http import problem
from api.http.context import here
from api.http.endpoint import Endpoint
from api.http.query import ID, given
from api.http.request_body import read_as
from services.database.engine import Database
from services.errors import NotFound
from services.maintenance import retention
from services.maintenance.compact import compact
from services.maintenance.repair import repair
from services.maintenance.usage import usage as used
from services.maintenance.verify import verify
from services.maintenance.walk import Slice

blueprint = Blueprint("store", __name__)

CARES: dict[str, Callable[[Database, str | None], Slice]] = {
    "verify": verify,
    "repair": repair,
    "compact": compact,
    "thin": lambda db, _: retention.thin(db),
}
TURN = threading.Lock()
"""One slice at a time: each reads for a second, and many at once would take every connection from the others."""
_AFTER = {"after": ID | {"description": "The `next` of the slice before."}}


@Endpoint(blueprint, "GET /store", answers={200: Store})
def usage() -> Response:
    """Say what takes the room, and how long finest points are kept."""
    db = here().db
    return answer(used(db) | {"policies": retention.policies(db)})


@Endpoint(blueprint, "PUT /store/retention", body=Keep, answers={200: Policies})
def keep() -> Response:
    """Keep finest points for some days after a run's end, then the pyramid alone."""
    db, asked = here().db, read_as(Keep)
    retention.keep(db, asked.days, asked.sweep)
    return answer({"policies": retention.policies(db)})


@Endpoint(blueprint, "POST /store/<care>", query=_AFTER, answers={200: CareSlice})
def care(care: str) -> Response:
    """Verify, repair, compact or thin for about a second; post again with the answer's `next` until it is null."""
    if care not in CARES:
        raise NotFound("care", care)
    if not TURN.acquire(blocking=False):
        return problem.respond(429, "Busy", "another part of the store is being looked at: ask again in some seconds")
    try:
        done = CARES[care](here().db, given("after"))
    finally:
        TURN.release()
    return answer({"runs": done.runs, **asdict(done.care), "next": done.next})
