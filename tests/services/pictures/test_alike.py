"""Groups of any runs: those that differ in their seed alone, named by what tells them apart."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from services.database.engine import Database
from services.errors import BadQuestion, NotFound
from services.pictures.alike import groups_alike, settings_apart
from services.pictures.overlay import MOST_GROUPS, MOST_RUNS
from services.sweeps import posted
from services.sweeps.request import parse_request
from tests.api.dashboard.laboratory import AXES, BASE


def runs_of(db: Database, axes: dict[str, Any] = AXES, seeds: tuple[int, ...] = (0, 1)) -> list[str]:
    posted.post(db, parse_request({"name": "any", "base": BASE, "axes": axes, "seeds": list(seeds)}))
    with db.read() as conn:
        return list(conn.execute(text("SELECT id FROM runs ORDER BY created_at, id")).scalars())


def test_runs_that_differ_in_their_seed_alone_are_one_group(db: Database) -> None:
    chosen = groups_alike(db, runs_of(db))
    labels = {group.label for group in chosen["groups"]}
    assert labels == {"none, 4", "none, 8", "norm threshold 1, 4", "norm threshold 1, 8"}
    assert [len(group.runs) for group in chosen["groups"]] == [2, 2, 2, 2]
    assert sorted(chosen["apart"]) == ["batch_size", "clipping"]
    for group, batch_size in zip(chosen["groups"], chosen["apart"]["batch_size"], strict=True):
        assert group.label.endswith(f", {batch_size}")


def test_runs_of_one_setting_are_told_as_all_runs(db: Database) -> None:
    first = groups_alike(db, runs_of(db))["groups"][0]
    chosen = groups_alike(db, first.runs)
    assert ([group.label for group in chosen["groups"]], chosen["apart"]) == (["all runs"], {})


def test_a_setting_inside_parts_of_one_kind_is_named_by_its_path() -> None:
    rules = [{"kind": "norm", "threshold": value, "per": "minibatch"} for value in (0.1, 1.0, 0.1)]
    settings = [{"clipping": rule, "batch_size": size} for rule, size in zip(rules, (4, 4, 8), strict=True)]
    assert settings_apart(settings) == {"clipping.threshold": [0.1, 1.0, 0.1], "batch_size": [4, 4, 8]}


def test_parts_of_different_kinds_are_told_whole_but_for_what_they_share() -> None:
    parts = [{"kind": "none", "per": "minibatch"}, {"kind": "norm", "per": "minibatch", "threshold": 2.0}]
    apart = settings_apart([{"clipping": part} for part in parts])
    assert apart == {"clipping": [{"kind": "none"}, {"kind": "norm", "threshold": 2.0}]}


def test_a_setting_that_only_some_have_is_none_for_the_others() -> None:
    assert settings_apart([{"matrix": [1.0]}, {"points": 3}]) == {"matrix": [[1.0], None], "points": [None, 3]}


def test_more_than_a_picture_holds_is_refused(db: Database) -> None:
    with pytest.raises(BadQuestion, match=f"at most {MOST_RUNS}"):
        groups_alike(db, [f"{i:032x}" for i in range(MOST_RUNS + 1)])
    with pytest.raises(NotFound):
        groups_alike(db, ["0" * 32])
    many = runs_of(db, {"batch_size": list(range(1, MOST_GROUPS + 2))}, seeds=(0,))
    with pytest.raises(BadQuestion, match=f"at most {MOST_GROUPS} settings"):
        groups_alike(db, many)
