"""Traces at every resolution, against numpy over the whole of them."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import delete

from services.database.engine import Database
from services.errors import BadQuestion, NotFound
from services.traces import reading
from services.traces.pyramid import FIGURES, SHARES
from services.traces.rows import BLOCKS, FACTOR, PAGES, page_cells
from tests.services.curves import agree, damage, naive, store, wild
from tests.services.lab import submit


@pytest.mark.parametrize("sizes", [[1000], [16, 48, 64], [7, 100, 3], [1]], ids=str)
def test_every_level_is_numpys_whatever_the_blocks(db: Database, sizes: list[int]) -> None:
    (run_id,), values = submit(db, 1), wild(300 if sizes == [1] else 1000)
    store(db, run_id, "loss", values, sizes)
    np.testing.assert_array_equal(reading.read(db, run_id, "loss", max_points=1000).values, values)
    for most in (100, 63, 20, 4, 1):
        view = reading.read(db, run_id, "loss", max_points=most)
        assert len(view.steps) <= most
        agree(view, naive(values, view.cell_steps))


def test_a_trace_of_vectors(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(200, 20)
    store(db, run_id, "delta_norm", values, [16, 48, 64])
    np.testing.assert_array_equal(reading.read(db, run_id, "delta_norm").values, values)
    view = reading.read(db, run_id, "delta_norm", max_points=20)
    agree(view, naive(values, view.cell_steps))


def test_a_window_is_cut_from_the_whole(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(1000)
    store(db, run_id, "loss", values, [16, 48, 64])
    for start, end in ((1, 1), (16, 17), (17, 64), (100, 900), (990, 5000)):
        view = reading.read(db, run_id, "loss", start=start, end=end)
        np.testing.assert_array_equal(view.values, values[start - 1 : end])
        assert view.steps.tolist() == list(range(start, min(end, 1000) + 1))
    assert len(reading.read(db, run_id, "loss", start=1001).steps) == 0
    coarse = reading.read(db, run_id, "loss", start=500, end=700, max_points=20)
    assert coarse.steps[0] <= 500 + coarse.cell_steps
    assert len(coarse.steps) <= 20


def test_a_trace_with_a_period(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(40)
    store(db, run_id, "spectral_radius", values, [1, 3], every=250)
    view = reading.read(db, run_id, "spectral_radius", start=501, end=2500)
    assert view.steps.tolist() == list(range(750, 2501, 250))
    np.testing.assert_array_equal(view.values, values[2:10])


def test_a_window_is_a_part_of_the_grid(db: Database) -> None:
    (run_id,), values, generator = submit(db, 1), wild(1500), np.random.default_rng(3)
    store(db, run_id, "loss", values, [16, 48, 64])
    for _ in range(40):
        start, end = np.sort(generator.integers(1, 1501, 2)).tolist()
        most = int(generator.integers(1, 200))
        view = reading.read(db, run_id, "loss", start=start, end=end, max_points=most)
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
        view = reading.read(db, run_id, "loss", max_points=most)
        assert len(view.steps) <= most
        assert (view.maximum.max(), view.minimum.min(), view.count.sum()) == (123.0, -123.0, 100_000)
    for width in (50_000, 5_000, 500, 50, 5, 1):
        view = reading.read(db, run_id, "loss", start=high + 2 - width, end=high + width, max_points=40)
        seen = view.values if view.level == 0 else view.maximum
        (place,) = np.flatnonzero(seen == 123.0)
        assert view.steps[place] <= high + 1 < view.steps[place] + view.cell_steps
        assert len(view.steps) <= 40


def test_a_page_that_was_read_is_kept_in_memory(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(40_000)
    store(db, run_id, "loss", values, [4096])
    for figures in (FIGURES, ("quantiles",), FIGURES):
        view = reading.read(db, run_id, "loss", end=32_768, max_points=1024, figures=figures)
        assert view.cell_steps == 32
    damage(db, PAGES, PAGES.c.run_id == run_id)
    with db.write() as conn:
        conn.execute(delete(BLOCKS).where(BLOCKS.c.first_step < 4097))
    agree(reading.read(db, run_id, "loss", end=32_768, max_points=1024), naive(values[:32_768], 32))


def test_quantiles_of_a_curve_on_request(db: Database) -> None:
    (run_id,), values = submit(db, 1), np.random.default_rng(5).normal(size=40_000).astype(np.float32)
    store(db, run_id, "loss", values, [4096])
    view = reading.read(db, run_id, "loss", max_points=20, figures=("quantiles",))
    assert (view.mean, view.cell_steps) == (None, 2048)
    for i, found in enumerate(view.quantiles):
        part = np.sort(values[i * 2048 : (i + 1) * 2048])
        np.testing.assert_allclose(np.searchsorted(part, found) / len(part), SHARES, atol=0.12)
    with pytest.raises(BadQuestion, match="figures"):
        reading.read(db, run_id, "delta_norm", figures=("quantiles",))


def test_a_picture_reads_the_one_figure_that_it_shows(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(2 * page_cells(20) * FACTOR, 20)
    store(db, run_id, "delta_norm", values, [4096])
    whole = reading.read(db, run_id, "delta_norm", max_points=100)
    with db.write() as conn:
        conn.execute(delete(PAGES).where(PAGES.c.figure.in_(["minimum", "maximum", "last"])))
        conn.execute(delete(BLOCKS).where(BLOCKS.c.last_step < len(values)))
    view = reading.read(db, run_id, "delta_norm", max_points=100, figures=("mean",))
    assert (view.minimum, view.maximum, view.last, view.nonfinite) == (None,) * 4
    np.testing.assert_array_equal(view.mean, whole.mean)


def test_blocks_may_be_read_one_by_one(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(300, 20)
    store(db, run_id, "delta_norm", values, [16, 48, 64])
    found = list(reading.points(db, run_id, "delta_norm"))
    assert [first for first, _ in found] == [1, 17, 65, 129, 193, 257] or len(found) > 3
    np.testing.assert_array_equal(np.concatenate([part for _, part in found]), values)
    assert list(reading.points(db, run_id, "loss")) == []


def test_questions_without_an_answer(db: Database) -> None:
    (run_id,) = submit(db, 1)
    assert reading.catalog(db, run_id) == []
    assert len(reading.read(db, run_id, "loss").steps) == 0
    with pytest.raises(NotFound):
        reading.read(db, run_id, "beauty")
    with pytest.raises(NotFound):
        reading.catalog(db, "0" * 32)
    with pytest.raises(BadQuestion):
        reading.read(db, run_id, "loss", max_points=0)
