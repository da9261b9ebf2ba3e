"""The readout by tensor operations and the one by kernels say the same."""

from __future__ import annotations

import pytest

from ltd_core.cells import Extent
from ltd_core.engine.readout import MachineReadout, TensorReadout, readout_for
from ltd_core.lazy import torch
from ltd_core.problems import PROBLEMS
from ltd_core.randomness import Draws


@pytest.mark.parametrize("kind", list(PROBLEMS))
def test_both_ways_agree(kind: str) -> None:
    problem, size, lanes, batch_size = PROBLEMS[kind](length=[10, 14]), 6, 3, 7
    batch = problem.draw(Draws([1, 2, 3], [1, 1, 1]), batch_size, torch.float64)
    generator = torch.Generator().manual_seed(1)
    split = size * problem.output_size
    rows = torch.randn(lanes, split + problem.output_size, generator=generator, dtype=torch.float64)
    last = torch.randn(lanes, batch_size, size, generator=generator, dtype=torch.float64)
    extent = Extent(lanes, problem.longest, batch_size, problem.input_size, torch.float64, "cpu")

    def views(flat: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"V": flat[:, :split].view(lanes, size, -1), "c": flat[:, split:]}

    found = []
    for readout in (MachineReadout(problem, size, extent), TensorReadout(problem)):
        gradient = torch.zeros_like(rows)
        reading = readout.read(views(rows), last, batch.targets)
        delta = readout.back(views(rows), last, reading, views(gradient))
        found.append((*reading, gradient, delta))
    for mine, theirs in zip(*found, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-14)


def test_the_device_decides() -> None:
    problem = PROBLEMS["adding"]()
    kinds = {
        device: type(readout_for(problem, 4, Extent(1, 100, 2, 2, torch.float32, device))) for device in ("cpu", "meta")
    }
    assert kinds == {"cpu": MachineReadout, "meta": TensorReadout}
