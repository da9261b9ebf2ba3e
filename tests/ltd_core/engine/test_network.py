"""The readout where torch's own would say little: ties, numbers that are not finite, large outputs, many classes."""

from __future__ import annotations

import math

import pytest

from ltd_core.kernels.emitter import precision_of
from ltd_core.kernels.network import judge_kernel
from ltd_core.kernels.shape import Shape
from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import JUDGES, Case
from tests.ltd_core.training import small


@pytest.mark.parametrize("judge", list(JUDGES))
def test_of_equal_outputs_the_first_is_the_answer(judge: str) -> None:
    case = Case({"kind": "rnn", "hidden_size": 2}, 3)
    case.rows.zero_()
    case.batch.targets[:] = torch.tensor([0, 1, 3])
    reading = JUDGES[judge](case.spec, case.rows, case.batch)
    assert reading.error_rate.tolist() == pytest.approx([2 / 3] * 4)
    assert reading.loss.tolist() == pytest.approx([math.log(4)] * 4)


@pytest.mark.parametrize("judge", list(JUDGES))
@pytest.mark.parametrize("problem", ["temporal_order", "adding"])
def test_what_is_not_a_number_is_neither_hidden_nor_right(judge: str, problem: str) -> None:
    case = Case({"kind": "rnn", "hidden_size": 5}, 4, problem)
    case.layout.views(case.rows)["c"][1, 0] = torch.nan
    reading = JUDGES[judge](case.spec, case.rows, case.batch)
    assert torch.isfinite(reading.loss).tolist() == [True, False, True, True]
    if judge == "machine" or problem == "adding":
        assert reading.error_rate[1] == 1


@pytest.mark.parametrize("judge", list(JUDGES))
def test_large_outputs_do_not_overflow(judge: str) -> None:
    case = Case({"kind": "rnn", "hidden_size": 5}, 4)
    case.layout.views(case.rows)["V"].mul_(1e6)
    reading = JUDGES[judge](case.spec, case.rows, case.batch)
    assert torch.isfinite(reading.loss).all()
    assert reading.loss.max() > 1e4


@pytest.mark.parametrize("outputs", [1, 2, 15, 16, 17, 40])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_number_of_classes(outputs: int, dtype: str) -> None:
    """The outputs are the biases: the weights are 0."""
    lanes, batch_size, step = 2, 9, small().cell.step
    shape = Shape(step, batch_size, 1, 3, outputs, None, precision_of(dtype))
    kind = torch.float64 if dtype == "float64" else torch.float32
    generator = torch.Generator().manual_seed(outputs)
    rows = torch.zeros(lanes, shape.places["c"] + outputs, dtype=kind)
    rows[:, shape.places["c"] :] = torch.randn(lanes, outputs, generator=generator, dtype=kind)
    targets = torch.randint(outputs, (lanes, batch_size), generator=generator)
    loss, error = torch.zeros(lanes, dtype=kind), torch.zeros(lanes, dtype=kind)
    room = [torch.zeros(size, dtype=kind) for size in (2 * batch_size * 3, 0, batch_size * outputs)]
    data = (torch.zeros(lanes, dtype=torch.int64), torch.zeros(lanes, 4, batch_size, 1, dtype=kind), targets)
    judge_kernel(shape)(*(t.data_ptr() for t in (*data, rows, loss, error, *room)), lanes, 4, rows.stride(0))
    answers = rows[:, None, shape.places["c"] :].expand(lanes, batch_size, outputs)
    expected = torch.nn.functional.cross_entropy(answers.transpose(1, 2), targets, reduction="none").mean(1)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(error, (answers.argmax(-1) != targets).to(kind).mean(1))
