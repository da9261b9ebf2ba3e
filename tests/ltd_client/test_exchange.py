"""`ltd export` and `ltd import` as processes of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ltd_client.command import ltd
from tests.ltd_client.exchange import Both

UNKNOWN = "0" * 32


def test_the_commands_are_explained() -> None:
    for command in ("export", "import"):
        done = ltd(command, "--help")
        assert done.status == 0
        assert all(len(line) <= 80 for line in done.out.splitlines())
    assert "tensorboard" in ltd("export", "--help").out


@pytest.mark.xdist_group("client")
def test_a_report_is_exported(ask: Any, ended: str, tmp_path: Path) -> None:
    written = ask("export", ended, "--out", str(tmp_path / "out"), "--json").json
    assert sorted(written) == ["comparison.csv", "report.html", "runs.jsonl"]
    runs = [json.loads(line) for line in (tmp_path / "out" / "runs.jsonl").read_text().splitlines()]
    assert len(runs) == 8
    in_words = ask("export", ended, "--out", str(tmp_path / "out"))
    assert [line.removeprefix("wrote ") for line in in_words.out.splitlines()] == list(written.values())
    file = tmp_path / "file"
    file.touch()
    refused = ask("export", ended, "--out", str(file))
    assert refused.status == 1
    assert str(file) in refused.err
    assert ask("export", UNKNOWN, "--out", str(tmp_path / "none")).status == 2
    assert not (tmp_path / "none").exists()


@pytest.mark.xdist_group("exchange")
def test_traces_are_exported_and_imported(both: Both, tmp_path: Path) -> None:
    folder = str(tmp_path / "out")
    words = ("export", both.sweep_id, "--to", folder, "--format", "parquet", "--server", both.giver.server)
    in_words, as_json = ltd(*words), ltd(*words, "--json")
    assert (in_words.status, as_json.status) == (0, 0)
    assert "4 written as parquet, 0 unchanged" in in_words.out
    assert (as_json.err, as_json.json["unchanged"]) == ("", 4)
    taken = ltd("import", folder, "--server", both.giver.server)  # which has every run: what others take stays new
    assert taken.status == 0
    assert "0 new, 4 stood already" in taken.out
    assert both.sweep_id in taken.out
    refused = ltd("import", str(tmp_path), "--server", both.giver.server)
    assert (refused.status, refused.out) == (2, "")
    assert "sweep.json" in refused.err
