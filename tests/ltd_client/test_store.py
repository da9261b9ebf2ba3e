"""`ltd store` as a process of its own against the real application."""

from __future__ import annotations

import json

import pytest

from ltd_client import Lab
from ltd_client.store import size
from services.traces.rows import BLOCKS
from tests.ltd_client.command import ltd
from tests.ltd_client.house import end_all, sweep
from tests.services.curves import damage
from tests.support.lab import Lab as House

pytestmark = pytest.mark.xdist_group("client")


def test_room_soundness_and_policies(sdk: Lab, house: House, server: str) -> None:
    sweep_id = sdk.sweep(sweep("kept"))["id"]
    end_all(house)
    words = ltd("store", LTD_SERVER=server)
    assert "loss" in words.out
    assert "in all" in words.out
    verified = ltd("store", "verify", LTD_SERVER=server)
    assert (verified.status, "All is sound." in verified.out) == (0, True)
    assert "blocks joined" in ltd("store", "compact", LTD_SERVER=server).out
    assert "pages made again" in ltd("store", "repair", LTD_SERVER=server).out
    kept = ltd("store", "keep", "30", "--sweep", sweep_id, LTD_SERVER=server)
    assert "for 30 days after its end" in " ".join(kept.out.split())
    assert json.loads(ltd("store", "keep", "forever", "--json", LTD_SERVER=server).out) == sdk.keep(None)
    assert "0 blocks let go" in ltd("store", "thin", LTD_SERVER=server).out
    wrong = ltd("store", "keep", "long", LTD_SERVER=server)
    assert (wrong.status, "forever" in wrong.err) == (2, True)


def test_damage_is_told_with_exit_status_1(sdk: Lab, house: House, server: str) -> None:
    run_id = next(sdk.runs(sweep=sdk.sweep(sweep("damaged"))["id"]))["id"]
    end_all(house)
    damage(house.db, BLOCKS, BLOCKS.c.run_id == run_id)
    try:
        done = ltd("store", "verify", "--json", LTD_SERVER=server)
        assert (done.status, json.loads(done.out)["findings"]) == (
            1,
            [f"trace loss of run {run_id}, step 1: the checksum does not match"],
        )
    finally:
        damage(house.db, BLOCKS, BLOCKS.c.run_id == run_id)  # the same bit once more


@pytest.mark.parametrize(("count", "said"), [(0, "0 B"), (999, "999 B"), (36_989_724, "37 MB"), (2.5e13, "25 TB")])
def test_sizes_for_people(count: float, said: str) -> None:
    assert size(count) == said
