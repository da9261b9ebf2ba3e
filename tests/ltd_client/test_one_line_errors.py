"""Whatever is typed wrong is one line that names what, and what would be right; the exit status is 2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ltd_client.command import ltd
from tests.support import lab as support
from tests.support.parts import Broker

TOKEN = "the-right-token"
FILES = {
    "broken.json": b'{"updates": 5,}',
    "list.json": b"[]",
    "spec.yaml": b"updates: 5\nproblem:\n  kind: temporal_order\n",
    "twice.json": b'{"seed": 1, "seed": 2}',
    "latin.json": b'{"name": "\xe9"}',
    "fields.json": b'{"problem": {"kind": "temporal_order"}, "updates": -5, "batch_size": 0, "colour": "red"}',
    "axes.json": b'{"base": {"problem": {"kind": "temporal_order"}}, "axes": {"batch": [1]}, "seeds": [0]}',
    "seeds.json": b'{"base": {"problem": {"kind": "temporal_order"}}, "seeds": ["one"]}',
}
PROBLEM = ("run", "--set", "problem.kind=temporal_order", "--set")
WRONG: dict[tuple[str, ...], tuple[str, ...]] = {
    ("dance",): ("dance", "ltd --help"),
    ("runs", "--colour", "red"): ("--colour", "ltd runs --help"),
    ("runs", "--limit", "many"): ("--limit", "integer"),
    ("runs", "--limit", "0"): ("--limit", "1"),
    ("runs", "--below", "low"): ("--below", "number"),
    ("runs", "--limit"): ("--limit", "argument"),
    ("runs", "--sort", "beauty"): ("sort", "final_loss"),
    ("watch",): ("name", "ltd watch --help"),
    ("compare", "a", "b"): ("b", "ltd compare --help"),
    ("export", "a", "--format", "xml"): ("--format", "parquet"),
    ("mechanisms", "dance"): ("dance", "ltd mechanisms"),
    ("cancel", "nothing"): ("sweep", "nothing"),
    ("replay", "nothing"): ("run", "nothing"),
    ("store", "keep", "long"): ("DAYS", "forever"),
    (*PROBLEM, "optimizer.lr=abc"): ("optimizer.lr", "number", "abc"),
    (*PROBLEM, "batch_size"): ("--set", "FIELD=VALUE"),
    (*PROBLEM, "colour=red"): ("colour", "red"),
    (*PROBLEM, "cell.kind=brain"): ("cell.kind", "rnn"),
    ("run", "nowhere.json"): ("nowhere.json", "No such file"),
    ("run", "."): ("FILE", "directory"),
    ("run", "broken.json"): ("broken.json", "JSON"),
    ("run", "list.json"): ("list.json", "object"),
    ("run", "spec.yaml"): ("spec.yaml", "JSON"),
    ("run", "twice.json"): ("twice.json", "seed"),
    ("run", "latin.json"): ("latin.json", "utf-8"),
    ("run", "fields.json"): ("updates", "batch_size", "colour"),
    ("sweep", "axes.json"): ("batch", "axes"),
    ("sweep", "seeds.json"): ("seeds", "one"),
    ("import", "nowhere"): ("nowhere", "sweep.json"),
    ("doctor", "--server", "ftp://127.0.0.1"): ("--server", "http://127.0.0.1:8421", "ftp://127.0.0.1"),
    ("doctor", "--server", "127.0.0.1:0"): ("--server", "http://127.0.0.1:8421"),
    ("doctor", "--server", "http://[x"): ("--server", "http://127.0.0.1:8421"),
    ("doctor", "--server", "http://127.0.0.1:port"): ("--server", "http://127.0.0.1:8421"),
    ("doctor", "--token", "wrong-token"): ("--token", "LTD_TOKEN"),
    ("doctor", "--token", "wr\u00f6ng"): ("--token", "ASCII"),
    ("doctor", "--token", ""): ("--token", "LTD_TOKEN"),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("guarded")
    made = support.Lab(folder, f"sqlite:///{folder / 'ltd.db'}", broker)
    try:
        yield made.serve({"LTD_TOKEN": TOKEN}).url
    finally:
        made.end()


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_it_is_one_line_that_names_what_and_what_would_be_right(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    done = ltd(*words, LTD_SERVER=address, LTD_TOKEN=TOKEN)
    assert (done.status, done.out) == (2, ""), done
    assert (done.err.startswith("error  "), done.err.count("\n")) == (True, 1), done.err
    assert [word for word in WRONG[words] if word not in done.err] == [], done.err


def test_programs_get_one_line_of_json(address: str) -> None:
    for words in (("dance",), ("runs", "--limit", "many"), ("run", "nowhere.json"), ("cancel", "nothing")):
        done = ltd(*words, "--json", LTD_SERVER=address, LTD_TOKEN=TOKEN)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
        assert {"title", "detail"} <= json.loads(done.err).keys()
