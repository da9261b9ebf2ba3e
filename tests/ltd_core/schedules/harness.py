"""Runs whose learning rate moves, against torch.optim with torch.optim.lr_scheduler.LambdaLR."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.errors import InvalidSpec
from tests.ltd_core.oracle import check_weights
from tests.ltd_core.training import small

OPTIMIZERS = [
    {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    {"kind": "rmsprop", "lr": 0.003},
    {"kind": "adam", "lr": 0.003},
]


def check_runs(schedule: dict[str, Any]) -> None:
    """A run of 30 updates ends at torch's weights, with every optimizer."""
    for optimizer in OPTIMIZERS:
        check_weights(optimizer=optimizer | {"schedule": schedule})


def check_refused(schedule: dict[str, Any], setting: str) -> None:
    """A specification with the schedule is refused for one setting."""
    with pytest.raises(InvalidSpec) as caught:
        small(optimizer={"kind": "sgd", "schedule": schedule})
    assert [problem.field for problem in caught.value.problems] == [f"optimizer.schedule.{setting}"]
