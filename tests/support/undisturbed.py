"""Two runs, and what is stored of them when nothing disturbs them; after any fault it is the same, to the bit."""

from __future__ import annotations

from tests.support.lab import Lab, long

UPDATES = 4000
Results = dict[str, dict[str, set[tuple[object, ...]]]]


def submit_both(lab: Lab) -> list[str]:
    return lab.submit(*(long(seed, UPDATES) for seed in range(2)))


def begin(lab: Lab) -> list[str]:
    """Queue the runs, and wait until both are under way."""
    ids = submit_both(lab)
    for run_id in ids:
        lab.reaches(run_id, 1000)
    return ids


def check(lab: Lab, ids: list[str], undisturbed: Results) -> None:
    """Wait for the ends of the runs, and compare everything that is stored of their results."""
    assert lab.ends(ids) == ["succeeded", "succeeded"]
    assert {run_id: lab.rows(run_id) for run_id in ids} == undisturbed
