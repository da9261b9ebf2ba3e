"""Traces at every resolution, against numpy over the whole of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ltd_core.trace import TraceBlock
from services import traces
from services.errors import BadQuestion, NotFound, TraceCorrupt
from services.pyramid import FACTOR, cells_of_cells, cells_of_points
from services.trace_codec import checksum, decode, encode
from tests.services.lab import submit

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


def test_one_spike_in_a_hundred_thousand_points_is_seen_at_every_width(db: Database) -> None:
    (run_id,), values = submit(db, 1), np.zeros(100_000, np.float32)
    values[77_777] = 123.0
    store(db, run_id, "loss", values, [1024])
    for most in (2000, 500, 100, 10, 1):
        view = traces.read(db, run_id, "loss", max_points=most)
        assert view.maximum.max() == 123.0
        assert len(view.steps) <= most


def test_damage_is_told_not_returned(db: Database) -> None:
    (run_id,) = submit(db, 1)
    store(db, run_id, "loss", wild(100), [50])
    with db.write() as conn:
        conn.execute(text("UPDATE trace_blocks SET payload = :p WHERE first_step = 51 AND level = 0"), {"p": b"xx"})
    assert len(traces.read(db, run_id, "loss", end=50).values) == 50
    with pytest.raises(TraceCorrupt, match=run_id):
        traces.read(db, run_id, "loss")


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


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([np.float32, np.float64, np.int64]),
    st.lists(st.integers(0, 5), min_size=1, max_size=3),
    st.integers(0, 2**32 - 1),
)
def test_arrays_come_back_to_the_bit(dtype: type, shape: list[int], seed: int) -> None:
    raw = np.random.default_rng(seed).bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize)
    array = np.frombuffer(raw, dtype).reshape(shape)
    payload = encode(array)
    assert decode(payload, array.dtype.str, tuple(shape)).tobytes() == array.tobytes()
    assert checksum(payload) == checksum(bytes(payload)) != checksum(payload + b"0")


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_cells_of_cells_are_cells_of_points(cells: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=cells * FACTOR * FACTOR)
    values[np.random.default_rng(seed + 1).random(len(values)) < 0.3] = np.nan
    twice = cells_of_cells(cells_of_points(values), FACTOR)
    np.testing.assert_allclose(twice, cells_of_points(values, FACTOR * FACTOR), rtol=1e-12)
