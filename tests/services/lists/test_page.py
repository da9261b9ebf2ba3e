"""Pages in the order of a metric: which runs have one, and what has ended since the page before."""

from __future__ import annotations

from services.database.engine import Database
from services.runs import lifecycle
from services.sweeps import posted
from services.sweeps.request import SweepRequest
from tests.services.lab import claim, progress, spec, submit
from tests.services.lists.filled import every, fill


def test_a_number_that_is_none_or_infinite_is_in_no_order(db: Database) -> None:
    fill(db)
    assert every(db, sort="best_loss") == []
    assert set(every(db, metric="success")) == set(every(db, state="succeeded"))


def test_a_run_that_goes_on_has_no_metric_yet(db: Database) -> None:
    submit(db, 1)
    (taken,) = claim(db)
    lifecycle.record(db, [(taken.lease, progress(16, final_loss=0.5))])
    assert every(db, sort="final_loss") == []
    lifecycle.record(db, [(taken.lease, progress(20, (), "solved", final_loss=0.25))])
    assert every(db, sort="final_loss") == [spec(0).digest]


def test_a_small_sweep_shows_what_has_ended_since_it_was_asked_for(db: Database) -> None:
    base = {name: value for name, value in spec(0).full().items() if name != "seed"}
    first, second = (
        posted.post(db, SweepRequest(name="Same part", base=base, seeds=seeds)).sweep_id
        for seeds in ([0, 1, 2], [2, 3])
    )
    ended: list[tuple[float, str]] = []
    for number, taken in enumerate(claim(db, 4)):
        lifecycle.record(db, [(taken.lease, progress(20, (), "solved", final_loss=1.0 / (1 + number)))])
        ended.append((1.0 / (1 + number), taken.lease.run_id))
        for sweep, seeds in ((first, (0, 1, 2)), (second, (2, 3))):
            mine = [run_id for _, run_id in sorted(ended) if run_id in {spec(seed).digest for seed in seeds}]
            assert every(db, sweep=sweep, sort="final_loss") == mine
            assert every(db, sweep=sweep, sort="-final_loss") == mine[::-1]
        assert every(db, search="same part", sort="final_loss") == [run_id for _, run_id in sorted(ended)]
