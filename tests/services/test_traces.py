"""Traces at every resolution, against numpy over the whole of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest
from sqlalchemy import Delete, Update, delete, select, update

from ltd_core.trace import TraceBlock
from services import traces
from services.errors import BadQuestion, NotFound, TraceConflict, TraceCorrupt
from services.models import TraceBlockRow, table
from services.pyramid import FACTOR
from services.trace_codec import decode
from tests.services.lab import submit

if TYPE_CHECKING:
    from services.db import Database

BLOCKS = table(TraceBlockRow)
Figures = dict[str, np.ndarray]


def store(db: Database, run_id: str, name: str, values: np.ndarray, sizes: list[int], *, every: int = 1) -> None:
    """Append a trace in blocks of these sizes, repeated."""
    first = 0
    while first < len(values):
        size = sizes[first % len(sizes)]
        with db.write() as conn:
            part = values[first : first + size]
            traces.append(conn, {run_id: [TraceBlock(name, (first + 1) * every, every, part)]})
        first += size


def naive(values: np.ndarray, each: int) -> Figures:
    """Return the figures of cells of `each` points, one after the other."""
    made: dict[str, list] = {name: [] for name in ("minimum", "maximum", "mean", "last", "nonfinite")}
    for first in range(0, len(values), each):
        part = values[first : first + each].astype(np.float64)
        finite = np.where(np.isfinite(part), part, np.nan)
        empty = np.isnan(finite).all(0)
        sound = np.where(empty, 0.0, finite)
        made["minimum"].append(np.where(empty, np.nan, np.nanmin(np.where(empty, 0.0, finite), 0)))
        made["maximum"].append(np.where(empty, np.nan, np.nanmax(sound, 0)))
        made["mean"].append(np.where(empty, np.nan, np.nanmean(sound, 0)))
        made["last"].append(part[-1])
        made["nonfinite"].append((~np.isfinite(part)).sum(0))
    return {name: np.array(column) for name, column in made.items()}


def levels(db: Database, run_id: str) -> dict[tuple[str, int], bytes]:
    """Return the bytes of each level of each trace."""
    query = select(BLOCKS).where(BLOCKS.c.run_id == run_id).order_by(BLOCKS.c.first_step)
    found: dict[tuple[str, int], list[np.ndarray]] = {}
    with db.read() as conn:
        for row in conn.execute(query):
            array = decode(row.payload, row.dtype, tuple(orjson.loads(row.shape)))
            found.setdefault((row.trace, row.level), []).append(array)
    return {key: np.concatenate(parts, axis=min(1, key[1])).tobytes() for key, parts in found.items()}


def wild(count: int, *size: int) -> np.ndarray:
    """Return values with spikes, infinities and holes."""
    generator = np.random.default_rng(count)
    values = generator.normal(size=(count, *size)).astype(np.float32)
    values[generator.random(values.shape) < 0.02] = np.nan
    values[generator.random(values.shape) < 0.02] = np.inf
    values[generator.random(values.shape) < 0.02] *= 1e6
    return values


@pytest.mark.parametrize("sizes", [[1000], [16, 48, 64], [7, 100, 3], [1]], ids=str)
def test_every_level_is_numpys_whatever_the_blocks(db: Database, sizes: list[int]) -> None:
    (run_id,), values = submit(db, 1), wild(300 if sizes == [1] else 1000)
    store(db, run_id, "loss", values, sizes)
    np.testing.assert_array_equal(traces.read(db, run_id, "loss", max_points=1000).values, values)
    for most in (100, 63, 20, 4, 1):
        view = traces.read(db, run_id, "loss", max_points=most)
        assert len(view.steps) <= most
        for name, expected in naive(values, view.cell_steps).items():
            np.testing.assert_allclose(getattr(view, name), expected, rtol=2e-6, atol=1e-6, err_msg=name)


def test_a_trace_of_vectors(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(200, 20)
    store(db, run_id, "delta_norm", values, [16, 48, 64])
    np.testing.assert_array_equal(traces.read(db, run_id, "delta_norm").values, values)
    view = traces.read(db, run_id, "delta_norm", max_points=20)
    for name, expected in naive(values, view.cell_steps).items():
        np.testing.assert_allclose(getattr(view, name), expected, rtol=2e-6, atol=1e-6, err_msg=name)


def test_a_window_is_cut_from_the_whole(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(1000)
    store(db, run_id, "loss", values, [16, 48, 64])
    for start, end in ((1, 1), (16, 17), (17, 64), (100, 900), (990, 5000)):
        view = traces.read(db, run_id, "loss", start=start, end=end)
        np.testing.assert_array_equal(view.values, values[start - 1 : end])
        assert view.steps.tolist() == list(range(start, min(end, 1000) + 1))
    assert len(traces.read(db, run_id, "loss", start=1001).steps) == 0
    coarse = traces.read(db, run_id, "loss", start=500, end=700, max_points=20)
    assert coarse.steps[0] <= 500 + coarse.cell_steps
    assert len(coarse.steps) <= 20


def test_a_trace_with_a_period(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(40)
    store(db, run_id, "spectral_radius", values, [1, 3], every=250)
    view = traces.read(db, run_id, "spectral_radius", start=501, end=2500)
    assert view.steps.tolist() == list(range(750, 2501, 250))
    np.testing.assert_array_equal(view.values, values[2:10])


@pytest.mark.parametrize("sizes", [[16, 48, 64], [7, 100, 3], [333]], ids=str)
def test_cells_are_the_same_to_the_bit_whatever_the_blocks(db: Database, sizes: list[int]) -> None:
    one, other = submit(db, 2)
    for name, values in (("loss", wild(700)), ("delta_norm", wild(300, 20)), ("spectral_radius", wild(40))):
        every = 250 if name == "spectral_radius" else 1
        store(db, one, name, values, [len(values)], every=every)
        store(db, other, name, values, sizes, every=every)
    assert levels(db, one) == levels(db, other)


def test_a_window_is_a_part_of_the_grid(db: Database) -> None:
    (run_id,), values, generator = submit(db, 1), wild(1500), np.random.default_rng(3)
    store(db, run_id, "loss", values, [16, 48, 64])
    for _ in range(40):
        start, end = np.sort(generator.integers(1, 1501, 2)).tolist()
        most = int(generator.integers(1, 200))
        view = traces.read(db, run_id, "loss", start=start, end=end, max_points=most)
        each = view.cell_steps
        assert len(view.steps) <= most
        if view.level:
            finer = each // FACTOR
            assert -(-end // finer) - (start - 1) // finer > most  # else a finer level had been enough
        assert view.steps.tolist() == list(range((start - 1) // each * each + 1, end + 1, each))
        assert view.count.tolist() == [min(each, 1500 - step + 1) for step in view.steps.tolist()]
        cells = slice((start - 1) // each, -(-end // each))
        if view.level == 0:
            np.testing.assert_array_equal(view.values, values[cells])
            continue
        for name, expected in naive(values, each).items():
            np.testing.assert_allclose(getattr(view, name), expected[cells], rtol=2e-6, atol=1e-6, err_msg=name)


def test_spikes_in_a_hundred_thousand_points_are_seen_at_every_zoom(db: Database) -> None:
    (run_id,), values, high, low = submit(db, 1), np.zeros(100_000, np.float32), 77_777, 99_999
    values[high], values[low] = 123.0, -123.0
    store(db, run_id, "loss", values, [1024])
    for most in (2000, 500, 100, 10, 1):
        view = traces.read(db, run_id, "loss", max_points=most)
        assert len(view.steps) <= most
        assert (view.maximum.max(), view.minimum.min(), view.count.sum()) == (123.0, -123.0, 100_000)
    for width in (50_000, 5_000, 500, 50, 5, 1):
        view = traces.read(db, run_id, "loss", start=high + 2 - width, end=high + width, max_points=40)
        seen = view.values if view.level == 0 else view.maximum
        (place,) = np.flatnonzero(seen == 123.0)
        assert view.steps[place] <= high + 1 < view.steps[place] + view.cell_steps
        assert len(view.steps) <= 40


def test_a_block_may_be_appended_again_but_not_with_other_bytes(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(64)
    store(db, run_id, "loss", values, [32])
    before = levels(db, run_id)
    store(db, run_id, "loss", values, [32])
    assert levels(db, run_id) == before
    store(db, run_id, "loss", np.append(values, values), [32])  # known ones and new ones
    np.testing.assert_array_equal(traces.read(db, run_id, "loss").values, np.append(values, values))
    with pytest.raises(TraceConflict, match=rf"loss of run {run_id}, level 0, step 33"):
        store(db, run_id, "loss", np.append(values[:32], values[:32]), [32])
    np.testing.assert_array_equal(traces.read(db, run_id, "loss").values, np.append(values, values))


def test_the_same_block_at_once_is_stored_once(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(64)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(store, db, run_id, "loss", values, [32]) for _ in range(4)]:
            done.result()
    np.testing.assert_array_equal(traces.read(db, run_id, "loss").values, values)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_one_damaged_byte_is_told_not_returned(db: Database, level: int) -> None:
    (run_id,), other = submit(db, 1), wild(600)
    store(db, run_id, "loss", wild(600), [300])
    store(db, run_id, "error_rate", other, [300])
    with db.write() as conn:
        mine = (BLOCKS.c.trace == "loss") & (BLOCKS.c.level == level)
        first, payload = conn.execute(select(BLOCKS.c.first_step, BLOCKS.c.payload).where(mine)).first()
        damaged = bytearray(payload)
        damaged[len(damaged) // 2] ^= 1
        conn.execute(update(BLOCKS).where(mine, BLOCKS.c.first_step == first).values(payload=bytes(damaged)))
    with pytest.raises(TraceCorrupt, match=rf"loss of run {run_id}, level {level}, step {first}: the checksum"):
        traces.read(db, run_id, "loss", max_points=1000 // FACTOR**level)
    np.testing.assert_array_equal(traces.read(db, run_id, "error_rate").values, other)
    if level == 0:
        assert len(traces.read(db, run_id, "loss", start=301).values) == 300


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (delete(BLOCKS).where(BLOCKS.c.level == 0, BLOCKS.c.first_step == 51), "a gap or an overlap in level 0"),
        (delete(BLOCKS).where(BLOCKS.c.level == 0, BLOCKS.c.first_step == 1), "a gap or an overlap in level 0"),
        (
            update(BLOCKS).where(BLOCKS.c.level == 0, BLOCKS.c.first_step == 51).values(first_step=41),
            "a gap or an overlap in level 0",
        ),
        (update(BLOCKS).where(BLOCKS.c.level == 0).values(shape="[49]"), "of shape \\[49\\] does not fit its bytes"),
        (update(BLOCKS).where(BLOCKS.c.level == 0).values(shape="[5"), "does not fit its bytes"),
        (update(BLOCKS).where(BLOCKS.c.level == 0).values(dtype="<f3"), "does not fit its bytes"),
    ],
)
def test_a_trace_that_is_not_whole_is_told(db: Database, change: Update | Delete, words: str) -> None:
    (run_id,) = submit(db, 1)
    store(db, run_id, "loss", wild(150), [50])
    with db.write() as conn:
        conn.execute(change)
    with pytest.raises(TraceCorrupt, match=words):
        traces.read(db, run_id, "loss")


def test_no_cell_is_made_of_damaged_points(db: Database) -> None:
    (run_id,) = submit(db, 1)
    store(db, run_id, "loss", wild(50), [50])
    with db.write() as conn:
        conn.execute(update(BLOCKS).where(BLOCKS.c.level == 0).values(payload=b"xx"))
    with pytest.raises(TraceCorrupt), db.write() as conn:
        traces.append(conn, {run_id: [TraceBlock("loss", 51, 1, wild(50))]})


def test_questions_without_an_answer(db: Database) -> None:
    (run_id,) = submit(db, 1)
    assert traces.catalog(db, run_id) == []
    assert len(traces.read(db, run_id, "loss").steps) == 0
    with pytest.raises(NotFound):
        traces.read(db, run_id, "beauty")
    with pytest.raises(NotFound):
        traces.catalog(db, "0" * 32)
    with pytest.raises(BadQuestion):
        traces.read(db, run_id, "loss", max_points=0)
