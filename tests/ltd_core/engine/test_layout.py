"""A lane's weights in one row: every number has one name, and comes back under it."""

from __future__ import annotations

import math

import pytest

from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import VARIANTS
from tests.ltd_core.training import small


def layout_of(variant: str) -> tuple[Layout, torch.Tensor]:
    layout = Layout(small(cell=VARIANTS[variant] | {"hidden_size": 6}))
    return layout, torch.arange(2 * layout.size, dtype=torch.float64).view(2, -1)


@pytest.mark.parametrize("variant", VARIANTS)
def test_views_are_the_row_in_order(variant: str) -> None:
    layout, rows = layout_of(variant)
    views = layout.views(rows)
    assert list(views) == list(layout.shapes)
    assert layout.size == sum(math.prod(shape) for shape in layout.shapes.values())
    assert {name: tuple(view.shape[1:]) for name, view in views.items()} == layout.shapes
    assert torch.equal(torch.cat([view.flatten(1) for view in views.values()], 1), rows)
    views["V"][1, 0, 0] = -7.0
    assert (rows == -7).sum() == 1, "a view is of the row itself"


def test_the_recurrent_matrix_is_the_candidates_of_the_first_delay() -> None:
    layout, rows = layout_of("lstm layers with skips")
    matrix = layout.views(rows)["W"]  # [delays H, gates H], gates i, f, g, o
    assert torch.equal(layout.recurrent(rows), matrix[:, :6, 12:18])


def test_groups_are_the_columns_of_their_units() -> None:
    layout, rows = layout_of("clockwork")  # three groups of two units
    first = layout.views(rows)["W"][0]
    for group, places in enumerate(layout.groups):
        assert torch.equal(rows[0, places], first[:, 2 * group : 2 * group + 2].flatten())


def test_every_weight_has_the_period_of_its_group_and_what_is_cut_has_none() -> None:
    layout, _ = layout_of("groups")  # periods 1 and 4
    assert layout.periods is not None
    views = layout.views(layout.periods.unsqueeze(0))
    expected = torch.tensor([1, 1, 1, 4, 4, 4])
    for name in ("W", "U", "b"):
        assert torch.equal(views[name][0], expected.expand(layout.shapes[name]))
    assert (views["V"] == 1).all()
    cut, _ = layout_of("clockwork")
    assert cut.periods is not None
    assert (cut.views(cut.periods.unsqueeze(0))["W"] == 0).any()
    assert layout_of("lstm")[0].periods is None


def test_the_start_is_the_seeds_alone() -> None:
    layout, spec = layout_of("gru")[0], small(cell={"kind": "gru", "hidden_size": 6}, seed=5)
    row = layout.initial(spec)
    assert torch.equal(row, layout.initial(spec.seeded(5)))
    assert not torch.equal(row, layout.initial(spec.seeded(6)))
    assert torch.equal(layout.effective(row.unsqueeze(0))[0], row), "without a constraint a row is its weights"
