"""Every plan of a list finds what a plain filter over all runs finds, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from services.database.engine import Database
from services.lists import page, plan
from services.migrate import migrate
from services.settings import Settings
from services.sweeps import posted
from services.sweeps.request import SweepRequest
from tests.services.lab import spec, submit
from tests.services.lists.filled import Filled, every
from tests.support.fixtures import new_database


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("filled")
    settings = Settings(home=folder, database_url=new_database(request, folder))
    migrate(settings)
    db = Database(settings.database_url)
    yield Filled(db)
    db.dispose()


@pytest.fixture(params=[(most, few) for most in (64, 3) for few in (0, 1500)], ids=str)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges or walks, of large sweeps or small ones: how lists are found must not show."""
    most, few = request.param
    monkeypatch.setattr(plan, "_MOST_MERGED", most)
    monkeypatch.setattr(plan, "_MOST_LOOKED_UP", few)
    monkeypatch.setattr(page, "_SMALL_SWEEPS", few)


CHOICES: list[dict[str, Any]] = [
    *({"state": state} for state in ("queued", "running", "succeeded", "failed", "cancelled")),
    *({"outcome": outcome} for outcome in ("solved", "exhausted", "diverged")),
    *({"experiment": "weight_product"}, {"problem": "adding"}, {"cell": "lstm"}, {"optimizer": "adam"}),
    *({"clipping": "norm"}, {"clipping": "unheard"}, {"sweep": "first"}, {"sweep": "0" * 32}),
]
RANGES: list[dict[str, Any]] = [
    {"metric": "final_loss"},
    {"metric": "final_loss", "below": 0.3},
    {"metric": "final_loss", "above": 0.125, "below": 1.0},
]


def words(filters: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in filters.items()) or "all"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("first", CHOICES, ids=words)
def test_every_list_is_what_a_plain_filter_finds(filled: Filled, first: dict[str, Any]) -> None:
    for second in CHOICES:
        filters = filled.named(first | second)
        assert every(filled.db, **filters) == [run.id for run in filled.fitting(filters)], filters


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("within", [{}, {"sweep": "first"}], ids=words)
@pytest.mark.parametrize("order", RANGES, ids=words)
def test_every_list_in_the_order_of_a_metric_is_a_plain_sort(
    filled: Filled, order: dict[str, Any], within: dict[str, Any]
) -> None:
    for choice in [{}, *CHOICES]:
        filters = filled.named(choice | order | within)
        wanted = [(run.summary["final_loss"], run.id) for run in filled.fitting(filters)]
        assert every(filled.db, **filters) == [run_id for _, run_id in sorted(wanted)], filters
        found = every(filled.db, **filters, sort="-final_loss")
        assert found == [run_id for _, run_id in sorted(wanted, reverse=True)], filters


@pytest.mark.parametrize("few", [0, 300], ids=["large", "few"])
def test_a_sweep_lists_the_runs_that_stood_before_it_too(
    db: Database, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(plan, "_MOST_LOOKED_UP", few)
    old = submit(db, 3)
    with db.write() as conn:
        conn.execute(text("UPDATE runs SET created_at = created_at - 86400"))
    others = [spec(seed).digest for seed in (3, 4)]
    base = {name: value for name, value in spec(0).full().items() if name != "seed"}
    sweep = posted.post(db, SweepRequest(base=base, seeds=[4, 3, 2, 1])).sweep_id
    submit(db, 5)
    for _ in range(2):
        assert every(db, sweep=sweep) == every(db, sweep=sweep, state="queued") == [*others, old[2], old[1]]
        assert len(every(db)) == 5
