"""Traces at every resolution, against numpy over the whole of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import ColumnElement, Delete, Table, Update, and_, delete, select, update

from ltd_core.trace import TraceBlock
from services import submission, traces
from services.errors import BadQuestion, NotFound, TraceConflict, TraceCorrupt
from services.pyramid import FIGURES, QUANTILES, SHARES
from services.trace_rows import BLOCKS, FACTOR, PAGES, decoded, page_cells
from tests.services.lab import spec, submit

if TYPE_CHECKING:
    from services.db import Database

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


def agree(view: traces.TraceView, expected: Figures) -> None:
    """Hold a view's cells against the naive ones; a mean's rounding is relative to the largest point of its cell."""
    for name, figure in expected.items():
        if name == "mean":
            reach = np.fmax(np.abs(expected["minimum"]), np.abs(expected["maximum"]))
            assert np.array_equal(np.isnan(view.mean), np.isnan(figure))
            assert not (np.abs(view.mean - figure) > 1e-6 * reach + 1e-43).any()
        else:
            np.testing.assert_array_equal(getattr(view, name), figure.astype(getattr(view, name).dtype), err_msg=name)


def rows(db: Database, run_id: str) -> dict[tuple[str, ...], bytes]:
    """Return the points of each trace, and every page."""
    found: dict[tuple[str, ...], list[bytes]] = {}
    with db.read() as conn:
        for row in conn.execute(select(BLOCKS).where(BLOCKS.c.run_id == run_id).order_by(BLOCKS.c.first_step)):
            found.setdefault((row.trace,), []).append(decoded(row).tobytes())
        for row in conn.execute(select(PAGES).where(PAGES.c.run_id == run_id)):
            found[row.trace, row.level, row.figure, row.page] = [bytes(row.payload)]
    return {key: b"".join(parts) for key, parts in found.items()}


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
        agree(view, naive(values, view.cell_steps))


def test_a_trace_of_vectors(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(200, 20)
    store(db, run_id, "delta_norm", values, [16, 48, 64])
    np.testing.assert_array_equal(traces.read(db, run_id, "delta_norm").values, values)
    view = traces.read(db, run_id, "delta_norm", max_points=20)
    agree(view, naive(values, view.cell_steps))


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


@pytest.mark.parametrize("sizes", [[16, 48, 4096], [700, 1000, 3000], [333]], ids=str)
def test_pages_are_the_same_to_the_bit_whatever_the_blocks(db: Database, sizes: list[int]) -> None:
    one, other = submit(db, 2)
    for name, values in (("loss", wild(17_000)), ("delta_norm", wild(300, 20)), ("spectral_radius", wild(40))):
        every = 250 if name == "spectral_radius" else 1
        store(db, one, name, values, [len(values)], every=every)
        store(db, other, name, values, sizes, every=every)
    assert rows(db, one) == rows(db, other)
    assert {key[:4] for key in rows(db, one) if len(key) > 1} == {("loss", 1, row, 0) for row in ("figures", QUANTILES)}


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
            finer = each // 2
            assert -(-end // finer) - (start - 1) // finer > most  # else a finer level had been enough
        assert view.steps.tolist() == list(range((start - 1) // each * each + 1, end + 1, each))
        assert view.count.tolist() == [min(each, 1500 - step + 1) for step in view.steps.tolist()]
        cells = slice((start - 1) // each, -(-end // each))
        if view.level == 0:
            np.testing.assert_array_equal(view.values, values[cells])
            continue
        agree(view, {name: figure[cells] for name, figure in naive(values, each).items()})


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
    before = rows(db, run_id)
    store(db, run_id, "loss", values, [32])
    assert rows(db, run_id) == before
    store(db, run_id, "loss", np.append(values, values), [32])  # known ones and new ones
    np.testing.assert_array_equal(traces.read(db, run_id, "loss").values, np.append(values, values))
    with pytest.raises(TraceConflict, match=rf"loss of run {run_id}, step 33"):
        store(db, run_id, "loss", np.append(values[:32], values[:32]), [32])
    np.testing.assert_array_equal(traces.read(db, run_id, "loss").values, np.append(values, values))


def test_the_same_block_at_once_is_stored_once(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(64)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(store, db, run_id, "loss", values, [32]) for _ in range(4)]:
            done.result()
    np.testing.assert_array_equal(traces.read(db, run_id, "loss").values, values)


def damage(db: Database, of: Table, *where: ColumnElement[bool]) -> None:
    """Change one bit of every payload of some rows."""
    with db.write() as conn:
        for row in conn.execute(select(of).where(*where)).all():
            key = and_(*(of.c[column.name] == row._mapping[column.name] for column in of.primary_key))
            damaged = bytearray(row.payload)
            damaged[len(damaged) // 2] ^= 1
            conn.execute(update(of).where(key).values(payload=bytes(damaged)))


def test_one_damaged_bit_is_told_and_the_rest_is_read(db: Database) -> None:
    (run_id,), values, other = submit(db, 1), wild(600), wild(600)
    store(db, run_id, "loss", values, [300])
    store(db, run_id, "error_rate", other, [300])
    damage(db, BLOCKS, BLOCKS.c.trace == "loss", BLOCKS.c.first_step == 1)
    for most in (1000, 100, 1):
        with pytest.raises(TraceCorrupt, match=rf"loss of run {run_id}, step 1: the checksum"):
            traces.read(db, run_id, "loss", max_points=most)
    np.testing.assert_array_equal(traces.read(db, run_id, "error_rate").values, other)
    np.testing.assert_array_equal(traces.read(db, run_id, "loss", start=301).values, values[300:])


def test_a_damaged_or_missing_page_is_done_without(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(40_000)
    (other,) = submission.submit(db, [spec(1)]).new
    for mine in (run_id, other):
        store(db, mine, "loss", values, [4096])
    expected = {most: traces.read(db, other, "loss", max_points=most) for most in (1250, 40)}
    damage(db, PAGES, PAGES.c.page == 0, PAGES.c.figure == "figures")
    with db.write() as conn:
        conn.execute(delete(PAGES).where(PAGES.c.page == 1, PAGES.c.figure == "quantiles"))
    for most, view in expected.items():
        found = traces.read(db, run_id, "loss", max_points=most)
        agree(found, {name: getattr(view, name) for name in FIGURES})


def test_a_page_that_was_read_is_kept_in_memory(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(40_000)
    store(db, run_id, "loss", values, [4096])
    for figures in (FIGURES, ("quantiles",), FIGURES):
        view = traces.read(db, run_id, "loss", end=32_768, max_points=1024, figures=figures)
        assert view.cell_steps == 32
    damage(db, PAGES, PAGES.c.run_id == run_id)
    with db.write() as conn:
        conn.execute(delete(BLOCKS).where(BLOCKS.c.first_step < 4097))
    agree(traces.read(db, run_id, "loss", end=32_768, max_points=1024), naive(values[:32_768], 32))


def test_quantiles_of_a_curve_on_request(db: Database) -> None:
    (run_id,), values = submit(db, 1), np.random.default_rng(5).normal(size=40_000).astype(np.float32)
    store(db, run_id, "loss", values, [4096])
    view = traces.read(db, run_id, "loss", max_points=20, figures=("quantiles",))
    assert (view.mean, view.cell_steps) == (None, 2048)
    for i, found in enumerate(view.quantiles):
        part = np.sort(values[i * 2048 : (i + 1) * 2048])
        np.testing.assert_allclose(np.searchsorted(part, found) / len(part), SHARES, atol=0.12)
    with pytest.raises(BadQuestion, match="figures"):
        traces.read(db, run_id, "delta_norm", figures=("quantiles",))


def test_a_picture_reads_the_one_figure_that_it_shows(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(2 * page_cells(20) * FACTOR, 20)
    store(db, run_id, "delta_norm", values, [4096])
    whole = traces.read(db, run_id, "delta_norm", max_points=100)
    with db.write() as conn:
        conn.execute(delete(PAGES).where(PAGES.c.figure.in_(["minimum", "maximum", "last"])))
        conn.execute(delete(BLOCKS).where(BLOCKS.c.last_step < len(values)))
    view = traces.read(db, run_id, "delta_norm", max_points=100, figures=("mean",))
    assert (view.minimum, view.maximum, view.last, view.nonfinite) == (None,) * 4
    np.testing.assert_array_equal(view.mean, whole.mean)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (delete(BLOCKS).where(BLOCKS.c.first_step == 51), "a gap or an overlap"),
        (delete(BLOCKS).where(BLOCKS.c.first_step == 1), "a gap or an overlap"),
        (
            update(BLOCKS).where(BLOCKS.c.first_step == 51).values(first_step=41),
            "a gap or an overlap",
        ),
        (
            update(BLOCKS).where(BLOCKS.c.trace == "loss").values(shape="[49]"),
            "of shape \\[49\\] does not fit its bytes",
        ),
        (update(BLOCKS).where(BLOCKS.c.trace == "loss").values(shape="[5"), "does not fit its bytes"),
        (update(BLOCKS).where(BLOCKS.c.trace == "loss").values(dtype="<f3"), "does not fit its bytes"),
    ],
)
def test_a_trace_that_is_not_whole_is_told(db: Database, change: Update | Delete, words: str) -> None:
    (run_id,) = submit(db, 1)
    store(db, run_id, "loss", wild(150), [50])
    with db.write() as conn:
        conn.execute(change)
    with pytest.raises(TraceCorrupt, match=words):
        traces.read(db, run_id, "loss")


def test_no_page_is_made_of_damaged_points_and_the_run_goes_on(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(32_768)
    store(db, run_id, "loss", values[:50], [50])
    damage(db, BLOCKS, BLOCKS.c.first_step == 1)
    with db.write() as conn:
        traces.append(conn, {run_id: [TraceBlock("loss", 51, 1, values[50:])]})
        pages = conn.execute(select(PAGES.c.page).where(PAGES.c.run_id == run_id).distinct()).scalars().all()
    assert pages == [1]
    np.testing.assert_array_equal(traces.read(db, run_id, "loss", start=51, max_points=40_000).values, values[50:])


def test_blocks_may_be_read_one_by_one(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(300, 20)
    store(db, run_id, "delta_norm", values, [16, 48, 64])
    found = list(traces.points(db, run_id, "delta_norm"))
    assert [first for first, _ in found] == [1, 17, 65, 129, 193, 257] or len(found) > 3
    np.testing.assert_array_equal(np.concatenate([part for _, part in found]), values)
    assert list(traces.points(db, run_id, "loss")) == []


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
