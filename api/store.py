"""Care of what is stored: its room, its soundness, how long finest points are kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.answers import answer
from api.body import read_json
from api.context import here
from api.parameters import given
from ltd_core.faults import invalid
from services.errors import NotFound
from services.store import retention
from services.store.compact import compact
from services.store.repair import repair
from services.store.usage import usage as used
from services.store.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.db import Database
    from services.store.walk import Slice

blueprint = Blueprint("store", __name__)

CARES: dict[str, Callable[[Database, str | None], Slice]] = {
    "verify": verify,
    "repair": repair,
    "compact": compact,
    "thin": lambda db, _: retention.thin(db),
}
_LONGEST = 36_500


class Keep(BaseModel):
    """For how long finest points are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[float | None, Field(ge=0, le=_LONGEST, strict=True)] = Field(
        description="Days after a run's end; null for ever."
    )
    sweep: Annotated[str | None, Field(pattern="^[0-9a-f]{32}$")] = Field(
        default=None, description="A sweep; null for every run without a policy of its sweep's own."
    )


@blueprint.get("/store")
def usage() -> Response:
    """Say what takes the room, and how long finest points are kept."""
    db = here().db
    return answer(used(db) | {"policies": retention.policies(db)})


@blueprint.put("/store/retention")
def keep() -> Response:
    """Keep finest points for some days after a run's end, then the pyramid alone."""
    db, asked = here().db, _asked(read_json())
    retention.keep(db, asked.days, asked.sweep)
    return answer({"policies": retention.policies(db)})


@blueprint.post("/store/<care>")
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
