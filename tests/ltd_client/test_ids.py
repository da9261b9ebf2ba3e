"""Beginnings of ids, in the client and in every command that takes an id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from ltd_client import Lab
from ltd_client.ids import whole_id, whole_run, whole_sweep
from ltd_client.paths import BadId
from services.runs.queries import RUNS
from tests.ltd_client.house import end_all, spec, sweep
from tests.support.lab import Lab as House

pytestmark = pytest.mark.xdist_group("client")
NOTHING = "ffffffff"


def test_six_characters_name_a_run_and_a_sweep(sdk: Lab) -> None:
    run_id, sweep_id = sdk.run(spec())["id"], sdk.sweep(sweep())["id"]
    assert whole_run(sdk, run_id[:6]) == whole_id(sdk, run_id[:12]) == run_id
    assert whole_sweep(sdk, sweep_id[:6]) == whole_id(sdk, sweep_id[:31]) == sweep_id


def test_a_beginning_of_nothing_is_told(sdk: Lab) -> None:
    for find in (whole_run, whole_sweep, whole_id):
        with pytest.raises(BadId, match=f"whose id begins with '{NOTHING}'") as caught:
            find(sdk, NOTHING)
        assert caught.value.status == 404


def test_a_beginning_of_several_is_told(sdk: Lab, house: House) -> None:
    """No two runs that anyone posts begin alike: one is put into the database."""
    run_id = sdk.run(spec())["id"]
    end_all(house)
    twin = run_id[:8] + run_id[8:].translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
    with house.db.write() as conn:
        row = conn.execute(select(RUNS).where(RUNS.c.id == run_id)).mappings().one()
        conn.execute(insert(RUNS).values({**row, "id": twin}))
    try:
        with pytest.raises(BadId, match="begins several ids") as caught:
            whole_run(sdk, run_id[:8])
        assert whole_run(sdk, run_id[:9]) == run_id
    finally:
        with house.db.write() as conn:
            conn.execute(RUNS.delete().where(RUNS.c.id == twin))
    assert run_id in str(caught.value)
    assert twin in str(caught.value)


@pytest.mark.parametrize("text", ["12345", "no id", "0" * 32, "ABCDEF"])
def test_what_is_no_beginning_is_left_to_the_laboratory(sdk: Lab, text: str) -> None:
    assert whole_run(sdk, text) == whole_sweep(sdk, text) == whole_id(sdk, text) == text


def test_every_command_takes_a_beginning(ask: Any, sdk: Lab, ended: str, tmp_path: Path) -> None:
    (run_id, *_) = (run["id"] for run in sdk.runs(sweep=ended))
    assert ask("watch", run_id[:12], "--json").json["id"] == run_id
    assert ask("watch", ended[:12], "--json").json["id"] == ended
    assert ask("cancel", run_id[:12], "--json").json["id"] == run_id
    assert len(ask("runs", "--sweep", ended[:12], "--json").json) == 8
    assert ask("compare", ended[:12], "--json").json == ask("compare", ended, "--json").json
    assert ask("export", ended[:12], "--to", str(tmp_path), "--json").status == 0
    kept = ask("store", "keep", "5", "--sweep", ended[:12], "--json").json["policies"]
    assert {"sweep": ended, "days": 5} in kept


@pytest.mark.parametrize("words", [("watch",), ("cancel",), ("compare",), ("export",)], ids=" ".join)
def test_an_empty_id_is_told_as_such(ask: Any, words: tuple[str, ...]) -> None:
    done = ask(*words, "")
    assert (done.status, done.out) == (2, "")
    assert "is empty" in done.err
    assert done.err.count("\n") == 1
