"""Trains runs in this process and stores them as a worker does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ltd_client import demo
from ltd_core.engine import pack_for
from ltd_core.spec import RunSpec
from services.database.engine import Database
from services.runs import lifecycle, submission
from services.sweeps.request import expand, parse_request


def demonstrated(db: Database, changes: dict[str, Any]) -> list[RunSpec]:
    """Train the first seed of the demonstration's sweep, with changes to its base; return the specifications."""
    request = json.loads(Path(demo.__file__).with_name("demo_sweep.json").read_text(encoding="utf-8"))
    request |= {"seeds": [0], "base": request["base"] | changes}
    specs = [spec for _, spec in expand(parse_request(request))]
    submission.submit(db, specs)
    for shape in {spec.shape_key for spec in specs}:
        _train(db, shape)
    return specs


def _train(db: Database, shape: str) -> None:
    claims = lifecycle.claim(db, "benchmark", 100, shape_key=shape, lease_seconds=3600)
    pack = pack_for(claims[0].spec, len(claims), "cpu")
    leases = {lane: claim.lease for lane, claim in enumerate(claims)}
    for lane, claim in enumerate(claims):
        pack.load(lane, claim.spec)
    while leases:
        advanced = pack.advance()
        lifecycle.record(db, [(leases[lane], progress) for lane, progress in advanced.items()])
        leases = {lane: lease for lane, lease in leases.items() if lane not in advanced or not advanced[lane].outcome}
