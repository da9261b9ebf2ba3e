"""What a training run is about comes first among its pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ltd_core.spec import parse_spec

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
TRAINING: dict[str, Any] = {"experiment": "training", "problem": {"kind": "temporal_order", "length": 20}}


def names(spec: dict[str, Any]) -> list[str]:
    return [picture.name for picture in parse_spec(spec).pictures()]


@pytest.mark.parametrize(
    ("example", "first"),
    [
        ("m07_skip_connections", ["memory_curve", "delta_by_lag"]),
        ("m08_removed_connections", ["memory_curve", "delta_by_lag"]),
        ("m09_leaky_units", ["memory_curve", "delta_by_lag"]),
        ("m11_learned_time_constants", ["time_constant", "group_gradient_share"]),
        ("m12_parameter_update_periods", ["group_gradient_share", "clipping"]),
        ("m13_value_clipping", ["clipping", "clipped_share"]),
        ("m14_norm_clipping", ["clipping", "clipped_share"]),
        ("m15_random_step", ["clipping", "clipped_share"]),
        ("m19_omega", ["omega", "delta_by_lag"]),
        ("m20_language", ["learning"]),
    ],
)
def test_the_first_pictures_answer_the_question_of_the_mechanism(example: str, first: list[str]) -> None:
    found = names(json.loads((EXAMPLES / f"{example}.json").read_text("utf-8")))
    assert [name for name in found if name in first][: len(first)] == first
    assert found[0] == first[0]


def test_without_any_mechanism_it_is_learning() -> None:
    assert names(TRAINING)[:2] == ["learning", "error"]


def test_what_is_never_evaluated_has_no_picture_of_solving() -> None:
    assert "error" not in names(TRAINING | {"evaluation": {"every": 0}})


def test_the_threshold_is_a_line() -> None:
    spec = parse_spec(TRAINING | {"clipping": {"kind": "norm", "threshold": 0.25}})
    (clipping,) = (picture for picture in spec.pictures() if picture.name == "clipping")
    assert [layer.value for layer in clipping.layers if type(layer).__name__ == "Level"] == [0.25]
