"""Buffers of slots: what was measured at an update comes out at its step, whoever moved in between."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from ltd_core.engine.lane import Lane
from ltd_core.engine.layout import Layout
from ltd_core.engine.recorder import Recorder
from ltd_core.lazy import torch
from ltd_core.probes import PROBES, Update
from tests.ltd_core.training import small

SPEC = small(problem={"kind": "adding", "length": 12}, updates=600)
LAYOUT, BLOCK = Layout(SPEC), 8


def update_of(marks: list[float]) -> Update:
    """Return an update whose every number is its lane's mark."""
    values = torch.tensor(marks)
    arrays = {"delta_logs", "gradient", "groups", "clipped"}
    numbers: dict[str, Any] = {field.name: values for field in fields(Update) if field.name not in arrays}
    rows = values.unsqueeze(1).expand(-1, LAYOUT.size)
    return Update(**numbers, delta_logs=values.unsqueeze(1).expand(-1, 12), gradient=rows, groups=(), clipped=rows)


def recorded(recorder: Recorder, lanes: list[Lane], updates: int, slots: int = 3) -> None:
    """Make updates whose marks are 100 times the lane's number and its step."""
    for _ in range(updates):
        places = torch.tensor(recorder.places(lanes, slots))
        marks = [100.0 * lane.number + lane.step + 1 for lane in lanes] + [-1.0] * (slots - len(lanes))
        recorder.record(places, update_of(marks))
        for lane in lanes:
            lane.step += 1


def test_points_come_out_at_their_steps() -> None:
    recorder, lanes = Recorder(SPEC, 3, BLOCK, torch.float32, "cpu"), [Lane(1, SPEC), Lane(2, SPEC, 16, 16)]
    recorded(recorder, lanes, 5)
    for slot, lane in enumerate(lanes):
        blocks = {block.name: block for block in recorder.collect(slot, lane)}
        expected = 100 * lane.number + lane.block_start + np.arange(1, 6)
        for name in ("loss", "gradient_norm", "delta_log_norm"):
            assert (blocks[name].first_step, blocks[name].every) == (lane.block_start + 1, 1)
            values = blocks[name].values.reshape(5, -1)
            np.testing.assert_array_equal(values, np.broadcast_to(expected[:, None], values.shape))


def test_a_block_that_was_collected_is_a_copy_and_the_next_begins_anew() -> None:
    recorder, lane = Recorder(SPEC, 3, BLOCK, torch.float32, "cpu"), Lane(1, SPEC)
    recorded(recorder, [lane], BLOCK)
    first = recorder.collect(0, lane)[0]
    lane.block_start = lane.step
    recorded(recorder, [lane], 2)
    assert first.values.tolist() == [100 + step for step in range(1, BLOCK + 1)]
    assert recorder.collect(0, lane)[0].values.tolist() == [100 + BLOCK + 1, 100 + BLOCK + 2]


def test_a_slot_that_moves_takes_its_points_along() -> None:
    recorder, lanes = Recorder(SPEC, 3, BLOCK, torch.float32, "cpu"), [Lane(i, SPEC) for i in range(3)]
    recorded(recorder, lanes, 3)
    recorder.move(2, 0)
    recorded(recorder, [lanes[2], lanes[1]], 2)
    assert recorder.collect(0, lanes[2])[0].values.tolist() == [201, 202, 203, 204, 205]
    assert recorder.collect(1, lanes[1])[0].values.tolist() == [101, 102, 103, 104, 105]


def test_weights_are_measured_when_it_is_due() -> None:
    recorder, every = Recorder(SPEC, 3, BLOCK, torch.float32, "cpu"), PROBES["spectral_radius"].every
    lanes = [Lane(0, SPEC, every - 2, every - 2), Lane(1, SPEC, 7, 7)]
    rows = torch.zeros(3, LAYOUT.size)
    LAYOUT.views(rows)["W"][0] = 0.25 * torch.eye(7)
    for ahead in range(4):
        recorder.record_weights(lanes, ahead, rows, LAYOUT)
    assert [[(name, step) for name, step, _ in lane.periodic] for lane in lanes] == [[("spectral_radius", every)], []]
    lanes[0].step = every - 1
    assert "spectral_radius" not in {block.name for block in recorder.collect(0, lanes[0])}, "of an update not made"
    lanes[0].step = every
    (block,) = [block for block in recorder.collect(0, lanes[0]) if block.name == "spectral_radius"]
    assert (block.first_step, block.every, block.values.tolist()) == (every, every, [0.25])
