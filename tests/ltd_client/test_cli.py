"""The `ltd` command as a process of its own against the real application: words, JSON, exit statuses."""

from __future__ import annotations

import csv
import io
import json
import socket
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from ltd_client import Lab, show
from ltd_client.console import Console
from tests.ltd_client.command import COMMAND, Done, environment, ltd
from tests.ltd_client.house import UPDATES, end_all, spec, sweep
from tests.support.lab import Lab as House

pytestmark = pytest.mark.xdist_group("client")
UNKNOWN = "0" * 32


def narrow(done: Done) -> bool:
    return all(len(line) <= 80 for line in done.out.splitlines())


def test_a_run_from_fields(ask: Any) -> None:
    words = ("run", "--set", "problem.kind=temporal_order", "--set", f"updates={UPDATES}", "--set", "batch_size=6")
    first, second = ask(*words, "--json"), ask(*words)
    assert (first.status, first.err) == (0, "")
    assert first.json["new"] is True
    assert first.json["spec"]["batch_size"] == 6
    assert f"{first.json['id']} (stood already)" in second.out
    assert f"queued, 0 of {UPDATES} updates" in second.out
    assert narrow(second)


def test_runs_are_listed_and_found(ask: Any, sdk: Lab, house: House) -> None:
    lstm = sdk.run(spec(cell={"kind": "lstm"}, problem={"kind": "latch", "length": 20}))["id"]
    end_all(house, loss=0.0625)
    other = sdk.run(spec(cell={"kind": "gru"}, problem={"kind": "latch", "length": 20}))["id"]
    end_all(house, kind="exhausted", loss=0.5)

    def ids(*words: str) -> list[str]:
        return [run["id"] for run in ask("runs", *words, "--json").json]

    assert ids("--problem", "latch") == [other, lstm]
    assert ids("--problem", "latch", "--sort", "final_loss") == ids("latch", "--metric", "final_loss") == [lstm, other]
    assert ids("latch", "--metric", "final_loss", "--below", "0.25") == ids(lstm[:12]) == [lstm]
    assert ids("latch", "--limit", "1") == ids("--cell", "gru", "--outcome", "exhausted") == [other]
    table = ask("runs", "latch", "--sort", "-final_loss")
    assert table.out.index(other[:12]) < table.out.index(lstm[:12])
    assert "0.0625" in table.out
    assert narrow(table)
    wrong = ask("runs", "--metric", "beauty")
    assert (wrong.status, "must be one of" in wrong.err) == (2, True)


def test_a_run_from_a_file_and_from_standard_input(ask: Any, tmp_path: Path) -> None:
    asked = spec()
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(asked), encoding="utf-8")
    first = ask("run", str(file), "--json").json
    assert ask("run", "-", "--json", stdin=json.dumps(asked)).json["id"] == first["id"]
    assert ask("run", str(file), "--set", "batch_size=7", "--json").json["id"] != first["id"]


def test_a_sweep(ask: Any) -> None:
    asked = json.dumps(sweep())
    first, second = ask("sweep", "-", "--json", stdin=asked), ask("sweep", "-", stdin=asked)
    assert (first.status, first.err, first.json["new"]) == (0, "", 8)
    assert "8: 0 new, 0 queued again, 8 stood already" in second.out
    assert narrow(second)


@pytest.mark.parametrize("watch", ["sweep", "watch"])
def test_watching_a_sweep_that_has_ended(ask: Any, ended: str, watch: str, sdk: Lab, house: House) -> None:
    asked = sweep()
    words = ("watch", ended)
    if watch == "sweep":
        sdk.sweep(asked)
        end_all(house)
        words = ("sweep", "-", "--watch")
    as_json, in_words = (ask(*words, *more, stdin=json.dumps(asked)) for more in (["--json"], []))
    assert (as_json.status, as_json.err) == (0, "")
    assert as_json.json["finished"] is True
    assert "8 solved" in in_words.out
    assert narrow(in_words)


def test_watching_a_run_that_has_ended(ask: Any, sdk: Lab, house: House) -> None:
    run_id = sdk.run(spec())["id"]
    end_all(house)
    as_json, in_words = ask("watch", run_id, "--json"), ask("watch", run_id)
    assert (as_json.err, as_json.json["state"]) == ("", "succeeded")
    assert "solved: as [told]" in in_words.out
    assert ["final", "loss", "0.25"] in [line.split() for line in in_words.out.splitlines()]


def test_a_comparison(ask: Any, ended: str) -> None:
    words = ("compare", ended, "--rows", "batch_size", "--columns", "clipping", "--metric", "final_loss")
    as_json, in_words, as_csv = ask(*words, "--json"), ask(*words), ask(*words, "--csv")
    assert (as_json.err, as_json.json["metric"]["name"], len(as_json.json["cells"])) == ("", "final_loss", 2)
    assert "final_loss" in in_words.out
    assert "0.25" in in_words.out
    assert narrow(in_words)
    lines = list(csv.DictReader(io.StringIO(as_csv.out)))
    assert [line["batch_size"] for line in lines] == ["5", "5", "20", "20"]
    assert {line["final_loss"] for line in lines} == {"0.25"}
    lowest = ask(*words, "--aggregate", "quantile", "--quantile", "0.1", "--json").json
    assert (lowest["aggregate"], lowest["cells"][0][0]["value"]) == ("quantile", 0.25)
    assert "from 0 to 1" in ask(*words, "--aggregate", "quantile", "--quantile", "3").err


def test_mechanisms(ask: Any) -> None:
    everything, family, kind = ask("mechanisms", "--json"), ask("mechanisms", "clipping"), ask("mechanisms", "norm")
    assert everything.err == ""
    assert {"problem", "cell", "clipping", "metric", "probe"} <= set(everything.json)
    assert list(ask("mechanisms", "clipping", "--json").json) == ["clipping"]
    assert "value" in family.out
    assert "threshold" in kind.out
    for done in (ask("mechanisms"), family, kind):
        assert done.status == 0
        assert narrow(done)
    unknown = ask("mechanisms", "nothing")
    assert (unknown.status, unknown.out) == (2, "")
    assert "'nothing' is none of the mechanisms" in " ".join(unknown.err.replace("│", "").split())


def test_every_mechanism_can_be_described(sdk: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    described = sdk.mechanisms()
    show.mechanism(Console(as_json=False), described)
    said = capsys.readouterr().out
    for family, entries in described.items():
        for entry in entries:
            assert f"{family} {entry['kind']}" in said


def test_cancelling(ask: Any, sdk: Lab) -> None:
    run_id, sweep_id = sdk.run(spec())["id"], sdk.sweep(sweep())["id"]
    assert ask("cancel", run_id, "--json").json["state"] == "cancelled"
    assert "cancelled" in ask("cancel", run_id).out
    assert "8: 8 cancelled" in ask("cancel", sweep_id).out
    assert ask("cancel", sweep_id, "--json").json["states"] == {"cancelled": 8}


def test_a_doctor(ask: Any) -> None:
    done = ask("doctor", "--json")
    assert (done.status, done.json["status"], done.json["workers"]) == (0, "ready", [])
    assert done.json["limits"]["run"] == {"bytes": 1e10, "operations": 1e16, "hours": 720.0}
    said = ask("doctor").out
    assert "nothing will train" in said
    assert "largest sweep  1e+12 bytes" in said


def test_bad_fields_are_named(ask: Any) -> None:
    done = ask("run", "--set", "batch_size=0", "--set", "clipping.threshold=wide", "--set", "clipping.kind=norm")
    assert (done.status, done.out) == (2, "")
    assert "batch_size: " in done.err
    assert "clipping.threshold: " in done.err
    as_json = ask("run", "--set", "batch_size=0", "--json")
    assert (as_json.status, as_json.out) == (2, "")
    assert "batch_size" in [problem["field"] for problem in json.loads(as_json.err)["errors"]]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "\udcff"], ids=ascii)
def test_a_value_that_json_lacks_is_named(ask: Any, value: str) -> None:
    done = ask("run", "--set", "problem.kind=temporal_order", "--set", f"optimizer.lr={value}")
    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1, done.err


@pytest.mark.parametrize("words", [("watch",), ("cancel",), ("compare",), ("export",)], ids=" ".join)
def test_an_unknown_id_is_named(ask: Any, words: tuple[str, ...]) -> None:
    done = ask(*words, UNKNOWN)
    assert (done.status, done.out) == (2, "")
    assert UNKNOWN in done.err


def test_a_metric_that_is_none_is_named(ask: Any, ended: str) -> None:
    done = ask("compare", ended, "--metric", "beauty")
    assert done.status == 2
    assert "metric: " in done.err


@pytest.mark.parametrize(
    "words",
    [("run", "--set", "batch_size"), ("sweep",), ("run", "nowhere.json"), ("watch", "x", "--port", "1"), ("dance",)],
    ids=" ".join,
)
def test_a_misused_command_says_so(ask: Any, words: tuple[str, ...]) -> None:
    done = ask(*words)
    assert (done.status, done.out) == (2, "")
    assert (done.err.startswith("error  "), done.err.count("\n")) == (True, 1)
    assert "--help`" in done.err


def test_a_server_that_is_away(ask: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        away = f"http://127.0.0.1:{taken.getsockname()[1]}"
    done = ask("doctor", "--server", away)
    assert (done.status, done.out) == (3, "")
    assert f"no laboratory answers at {away}" in done.err
    assert "ltd up" in done.err
    assert "Unreachable" in json.loads(ask("doctor", "--server", away, "--json").err)["title"]


def test_a_server_that_is_something_else(server: str) -> None:
    done = ltd("doctor", "--server", f"{server}/runs")
    assert done.status in {2, 3}
    assert done.err.startswith("error")


def test_the_version_is_told() -> None:
    done = ltd("--version")
    assert (done.status, done.out) == (0, f"ltd {version('ltd-lab')}\n")


def test_the_command_alone_lists_the_commands() -> None:
    done = ltd()
    said = done.out + done.err
    for command in ("up", "demo", "mechanisms", "run", "sweep", "watch", "compare", "export", "cancel", "doctor"):
        assert command in said


def test_a_reader_that_leaves_ends_the_command_quietly(server: str) -> None:
    with subprocess.Popen(
        [*COMMAND, "mechanisms", "--json", "--server", server],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as command:
        assert command.stdout
        command.stdout.close()
        assert command.stderr
        assert "Traceback" not in command.stderr.read()
