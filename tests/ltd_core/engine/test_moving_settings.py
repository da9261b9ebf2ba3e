"""Learning rates and weights of a regularizer by update, of lanes at steps of their own."""

from __future__ import annotations

import pytest

from ltd_core.engine.lane import Lane
from ltd_core.engine.moving_settings import Scheduled
from ltd_core.lazy import torch
from tests.ltd_core.training import small

ROWS = torch.zeros(3, 2, dtype=torch.float64)
FALLING = {"kind": "sgd", "lr": 0.5, "schedule": {"kind": "inverse", "half_life": 10}}
DECAYING = {"kind": "omega", "weight": 6.0, "decay": "inverse"}


def test_each_lane_moves_at_its_own_step() -> None:
    lanes = [Lane(0, small(optimizer=FALLING), step=0), Lane(1, small(optimizer={"kind": "sgd", "lr": 0.2}), step=5)]
    scheduled = Scheduled(ROWS)
    assert not scheduled.load(lanes)
    assert scheduled.names == {"lr"}
    for begun in (0, 4):  # a second stretch begins where the first one ended
        scheduled.begin(4)
        for ahead in range(4):
            made = begun + ahead
            assert scheduled.now("lr")[:2].tolist() == pytest.approx([0.5 * 10 / (10 + made), 0.2], rel=1e-14)
            scheduled.advance()
        for lane in lanes:
            lane.step += 4


def test_a_regularizers_weight_moves_too() -> None:
    lanes = [Lane(0, small(regularizer=DECAYING)), Lane(1, small(regularizer=DECAYING | {"decay": "none"}), step=9)]
    scheduled = Scheduled(ROWS)
    scheduled.load(lanes)
    assert scheduled.names == {"regularizer"}
    scheduled.begin(3)
    for update in (1, 2, 3):
        assert scheduled.now("regularizer")[:2].tolist() == pytest.approx([6.0 / update, 6.0])
        scheduled.advance()


def test_the_same_operations_serve_while_the_same_settings_move() -> None:
    scheduled, steady, falling = Scheduled(ROWS), Lane(0, small()), Lane(1, small(optimizer=FALLING))
    assert scheduled.load([steady])
    assert not scheduled.load([steady, falling])
    assert scheduled.load([falling])
    assert not scheduled.load([steady])
