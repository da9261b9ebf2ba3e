"""Watching what a real worker trains, from the command to the result."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from ltd_client import Lab
from ltd_client.console import Console
from ltd_client.watching import watch_sweep
from tests.ltd_client.command import COMMAND, environment, ltd
from tests.support import lab as support
from tests.support.parts import DEADLINE, Broker, wait_for

pytestmark = pytest.mark.xdist_group("watching")


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[support.Lab]:
    folder = tmp_path_factory.mktemp("training")
    broker.flush()
    made = support.Lab(folder, f"sqlite:///{folder / 'ltd.db'}", broker)
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def address(training: support.Lab) -> str:
    return training.serve().url


def sweep(updates: int) -> dict[str, Any]:
    base = support.small(updates=updates).full()
    return {"name": "watched", "base": base, "axes": {"batch_size": [2, 4]}, "seeds": [0, 1]}


def test_a_run_is_watched_to_its_end(address: str) -> None:
    asked = json.dumps(support.small().full())
    done = ltd("run", "-", "--watch", "--json", "--server", address, stdin=asked)
    assert (done.status, done.err) == (0, "")
    assert (done.json["state"], done.json["step"]) == ("succeeded", 200)
    assert done.json["outcome"]["kind"] in {"solved", "exhausted"}
    in_words = ltd("watch", done.json["id"], "--server", address)
    assert "200 of 200 updates" in in_words.out


def test_a_sweep_is_watched_and_compared(address: str) -> None:
    done = ltd("sweep", "-", "--watch", "--server", address, stdin=json.dumps(sweep(300)))
    assert done.status == 0
    assert "4 succeeded" in done.out
    assert "1,200 of 1,200" in done.out
    again = ltd("sweep", "-", "--watch", "--json", "--server", address, stdin=json.dumps(sweep(300))).json
    assert (again["stood"], again["finished"]) == (4, True)
    metric = ("--metric", "final_loss", "--json", "--server", address)
    cells = ltd("compare", again["id"], "--rows", "batch_size", "--columns", "problem.kind", *metric).json["cells"]
    assert [cell["n"] for line in cells for cell in line] == [2, 2]


def test_the_sdk_follows_a_run_from_the_queue_to_its_result(address: str) -> None:
    with Lab(address) as lab:
        run = lab.run(support.small(seed=7).full())
        kinds, states = zip(*[(kind, data.get("state")) for kind, data in lab.events(run["id"])], strict=True)
        assert "progress" in kinds
        assert states[-1] == "succeeded"
        assert lab.wait(run["id"])["summary"]["final_loss"] > 0
        assert lab.trace(run["id"], "loss")["steps"] == list(range(1, 201))


def test_the_bars_move_on_a_terminal(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Lab(address) as lab:
        console = Console(as_json=False)
        ended = watch_sweep(lab, lab.sweep(sweep(301))["id"], console)
    assert ended["finished"] is True
    out, bars = capsys.readouterr()
    assert out == "", "progress goes to standard error"
    assert "1204/1204" in bars


def test_cancelling_ends_what_is_watched(address: str) -> None:
    with Lab(address) as lab:
        run_id = lab.run(support.long(updates=1_000_000).full())["id"]
        command = [*COMMAND, "watch", run_id, "--json", "--server", address]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as watching:
            wait_for(lambda: lab.get_run(run_id)["step"] > 0)
            assert ltd("cancel", run_id, "--server", address).status == 0
            out, _ = watching.communicate(timeout=DEADLINE)
        assert json.loads(out)["state"] == "cancelled"
        assert watching.returncode == 0
