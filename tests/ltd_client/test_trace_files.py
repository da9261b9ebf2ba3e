"""Each kind of file, written block by block and read back as people read it."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tensorboardX.crc32c import crc32c
from tensorboardX.proto.event_pb2 import Event

from ltd_client.exporting import export_sweep
from ltd_client.trace_files import FORMATS, MOST_TAGS, complete, partial
from tests.ltd_client.exchange import ODD, QUIET, Both, stored

RUN: dict[str, Any] = {"started_at": None, "created_at": "2026-01-02T03:04:05+00:00"}
LOSS: dict[str, Any] = {"name": "loss", "unit": "", "axes": ["step"], "every": 1, "size": [], "coordinates": {}}
WIDE: dict[str, Any] = {
    "name": "wide",
    "unit": "nats",
    "axes": ["threshold", "unit", "rule"],
    "every": 10,
    "size": [3, 7],
    "coordinates": {"threshold": [0.1, 10.0], "rule": list("abcdefg")},
}


def write(kind: str, path: Path) -> None:
    """Write two blocks of a loss, then one of a trace of 21 numbers a point."""
    file = FORMATS[kind][1](path, RUN, [LOSS, WIDE])
    file.write(LOSS, np.array([1, 2, 3, 4]), ODD[:4])
    file.write(LOSS, np.array([5, 6]), ODD[4:])
    file.write(WIDE, np.array([10, 20]), np.arange(42, dtype=np.float32))
    file.close()


@pytest.mark.parametrize(("kind", "read"), [("parquet", pd.read_parquet), ("csv", pd.read_csv)])
def test_a_table_has_a_row_a_number_and_every_bit(
    tmp_path: Path, kind: str, read: Callable[[Path], pd.DataFrame]
) -> None:
    write(kind, tmp_path / "file")
    table = read(tmp_path / "file")
    loss, wide = (table[table["trace"] == info["name"]] for info in (LOSS, WIDE))
    finite = np.isfinite(ODD)
    assert loss["value"].to_numpy()[finite].tobytes() == ODD[finite].tobytes()
    assert np.isnan(loss["value"].iloc[0])
    assert loss["value"].to_numpy()[1:3].tolist() == [np.inf, -np.inf]
    assert (loss["step"].to_list(), set(loss["index"])) == ([1, 2, 3, 4, 5, 6], {0})
    assert wide["step"].to_list() == [10] * 21 + [20] * 21
    assert wide["index"].to_list() == [*range(21), *range(21)]
    assert wide["value"].to_list() == list(range(42))
    assert wide["at"].to_list() == [f"{threshold}, {rule}" for threshold in (0.1, 10.0) for rule in "abcdefg" * 3]
    assert set(loss["at"].fillna("")) == {""}


def test_parquet_describes_its_traces(tmp_path: Path) -> None:
    write("parquet", tmp_path / "file")
    described = json.loads(pq.read_schema(tmp_path / "file").metadata[b"traces"])
    assert described == {info["name"]: {n: v for n, v in info.items() if n != "name"} for info in (LOSS, WIDE)}


def test_of_a_wide_trace_tensorboard_gets_evenly_spaced_tags(tmp_path: Path) -> None:
    write("tensorboard", tmp_path / "file")
    version, *events = records(tmp_path / "file")
    assert version.wall_time == 1_767_323_045
    tags = {value.tag for event in events for value in event.summary.value}
    assert len(tags) == 1 + MOST_TAGS
    assert {"loss", "wide/0000", "wide/0020"} <= tags


def test_a_file_has_its_name_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "events.out.tfevents.1"
    partial(path).write_bytes(b"whole")
    assert not path.exists()
    assert "tfevents" not in partial(path).name, "TensorBoard would read it"
    complete(path)
    assert path.read_bytes() == b"whole"
    assert not partial(path).exists()


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


@pytest.mark.xdist_group("exchange")
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
        delta = stored(both.first, run.id, "delta_log_norm")
        tags = sorted(tag for tag in found if tag.startswith("delta_log_norm/"))
        assert (len(tags), tags[0], tags[-1]) == (16, "delta_log_norm/0000", f"delta_log_norm/{delta.shape[1] - 1:04d}")
        for tag in tags:
            column = delta[:, int(tag.rpartition("/")[2])]
            assert np.array([value for _, value in found[tag]], np.float32).tobytes() == column.tobytes()
