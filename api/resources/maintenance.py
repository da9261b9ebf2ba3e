"""Care of what is stored: its room, its soundness, how long finest points are kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.bodies.answers import answer
from api.bodies.maintenance import CareSlice, Policies, Store
from api.http.context import here
from api.http.endpoint import Endpoint
from api.http.query import ID, given
from api.http.request_body import read_json
from ltd_core.faults import invalid
from services.errors import NotFound
from services.maintenance import retention
from services.maintenance.compact import compact
from services.maintenance.repair import repair
from services.maintenance.usage import usage as used
from services.maintenance.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.database.engine import Database
    from services.maintenance.walk import Slice

blueprint = Blueprint("store", __name__)

CARES: dict[str, Callable[[Database, str | None], Slice]] = {
    "verify": verify,
    "repair": repair,
    "compact": compact,
    "thin": lambda db, _: retention.thin(db),
}
_LONGEST = 36_500
_AFTER = {"after": ID | {"description": "The `next` of the slice before."}}


class Keep(BaseModel):
    """For how long finest points are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[float | None, Field(ge=0, le=_LONGEST, strict=True)] = Field(
        description="Days after a run's end; null for ever."
    )
    sweep: Annotated[str | None, Field(pattern="^[0-9a-f]{32}$")] = Field(
        default=None, description="A sweep; null for every run without a policy of its sweep's own."
    )


@Endpoint(blueprint, "GET /store", answers={200: Store})
def usage() -> Response:
    """Say what takes the room, and how long finest points are kept."""
    db = here().db
    return answer(used(db) | {"policies": retention.policies(db)})


@Endpoint(blueprint, "PUT /store/retention", body=Keep, answers={200: Policies})
def keep() -> Response:
    """Keep finest points for some days after a run's end, then the pyramid alone."""
    db, asked = here().db, _asked(read_json())
    retention.keep(db, asked.days, asked.sweep)
    return answer({"policies": retention.policies(db)})


@Endpoint(blueprint, "POST /store/<care>", query=_AFTER, answers={200: CareSlice})
def care(care: str) -> Response:
    """Verify, repair, compact or thin for about a second; post again with the answer's `next` until it is null."""
    if care not in CARES:
        raise NotFound("care", care)
    done = CARES[care](here().db, given("after"))
    return answer({"runs": done.runs, **asdict(done.care), "next": done.next})


def _asked(data: Any) -> Keep:
    try:
        return Keep.model_validate(data)
    except ValidationError as error:
        raise invalid(Keep, data, error) from None
