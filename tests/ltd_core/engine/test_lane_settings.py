"""Numbers in which lanes differ, as tensors that stay where they are."""

from __future__ import annotations

from ltd_core.clipping import CLIPPINGS
from ltd_core.engine.lane_settings import refill, settings_of
from ltd_core.lazy import torch

LIKE = torch.zeros(3, 2, dtype=torch.float64)


def test_a_setting_has_one_number_a_lane_and_1_where_a_rule_has_none() -> None:
    rules = [
        CLIPPINGS["norm"].model_validate({"kind": "norm", "threshold": 0.25}),
        CLIPPINGS["quantile"].model_validate({"kind": "quantile", "quantile": 0.75, "window": 7}),
        CLIPPINGS["none"].model_validate({"kind": "none"}),
    ]
    made = settings_of(rules, LIKE)
    assert {name: values.tolist() for name, values in made.items()} == {
        "quantile": [1, 0.75, 1],
        "threshold": [0.25, 1, 1],
        "window": [1, 7, 1],
    }
    assert all(values.dtype == LIKE.dtype for values in made.values())


def test_equal_names_are_filled_in_place_and_others_replaced() -> None:
    kept = {"a": torch.zeros(2)}
    place = kept["a"].data_ptr()
    assert refill(kept, {"a": torch.tensor([1.0, 2.0])})
    assert (kept["a"].data_ptr(), kept["a"].tolist()) == (place, [1, 2])
    assert not refill(kept, {"b": torch.ones(2)})
    assert list(kept) == ["b"]
    assert not refill(kept, {"a": torch.ones(2), "b": torch.ones(2)})
    assert not refill(kept, {"b": torch.ones(2), "a": torch.ones(2)}), "the order of operations is theirs"
