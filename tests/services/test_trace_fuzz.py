"""Random writes (gaps, duplicates, any order, not finite), and every read at every level against numpy."""

from __future__ import annotations

import itertools
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltd_core.trace import TraceBlock
from services.errors import TraceConflict, TraceCorrupt
from services.runs import submission
from services.traces import reading, rows, writing
from services.traces.pyramid import FIGURES
from tests.services.curves import agree, naive
from tests.services.lab import spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.database.engine import Database

    Read = Callable[..., reading.TraceView]

POINTS = 2000
_seeds = itertools.count()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 2 cells: 2,000 points reach the second level."""
    monkeypatch.setattr(rows, "_LARGEST_PAGE", 2)
    monkeypatch.setattr(rows, "_SMALLEST_PAGE", 2)


def made(seed: int) -> np.ndarray:
    """Return points among which are NaN, infinities, zeros of both signs, the largest and the smallest."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=POINTS).astype(np.float32)
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, np.finfo(np.float32).max, 1e-45], np.float32)
    places = generator.random(POINTS) < generator.choice([0.0, 0.01, 0.5])
    values[places] = generator.choice(odd, places.sum())
    return values


@pytest.mark.usefixtures("small_pages")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_read_is_numpys(db: Database, data: st.DataObject) -> None:
    (run_id,) = submission.submit(db, [spec(next(_seeds))]).new
    seed = data.draw(st.integers(0, 2**32 - 1))
    generator, values = np.random.default_rng(seed), made(seed)
    cuts = [0, *np.sort(generator.choice(np.arange(1, POINTS), generator.integers(0, 12), replace=False)), POINTS]
    parts = list(pairwise(cuts))
    gap = generator.integers(len(parts)) if len(parts) > 2 and data.draw(st.booleans()) else None
    order = list(generator.permutation(len(parts))) if data.draw(st.booleans()) else list(range(len(parts)))
    order += list(generator.choice(order, 2))  # some come twice
    with db.write() as conn:
        for i in order:
            first, last = parts[i]
            if i != gap:
                writing.append(conn, {run_id: [TraceBlock("loss", int(first) + 1, 1, values[first:last])]})
    lost = range(0) if gap is None else range(parts[gap][0], parts[gap][1])
    end = parts[gap][0] if gap == len(parts) - 1 else POINTS
    for _ in range(12):
        start, stop = (int(x) for x in np.sort(generator.integers(0, end + 1, 2)))
        most = int(generator.integers(1, 300))
        read = partial(reading.read, db, run_id, "loss", max_points=most)
        check(read, values[:end], lost, slice(start, stop), most)
    if gap is not None:
        return
    with pytest.raises(TraceConflict), db.write() as conn:
        writing.append(conn, {run_id: [TraceBlock("loss", 1, 1, np.full(parts[0][1], 3, np.float32))]})


def check(read: Read, values: np.ndarray, lost: range, cut: slice, most: int) -> None:
    """Read a window and hold it against numpy, or see that what is lost is told."""
    if cut.start == cut.stop:
        return
    try:
        view = read(start=cut.start + 1, end=cut.stop)
    except TraceCorrupt:
        each = 1
        while -(-cut.stop // each) - cut.start // each > most:
            each *= 2
        reach = range(cut.start // each * each, -(-cut.stop // each) * each)  # cells lie on a grid
        assert max(reach.start, lost.start) < min(reach.stop, lost.stop)
        return
    each = view.cell_steps
    assert len(view.steps) <= most
    assert view.steps.tolist() == list(range(cut.start // each * each + 1, cut.stop + 1, each))
    cells = slice(cut.start // each, -(-cut.stop // each))
    if view.level == 0:
        np.testing.assert_array_equal(view.values, values[cut])
        assert view.values.tobytes() == values[cut].tobytes()
    else:
        expected = naive(values, each)
        agree(view, {name: expected[name][cells] for name in FIGURES})
