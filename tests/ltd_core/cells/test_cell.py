"""What holds for every cell: finite differences, evaluation, causality, independent sequences, both ways to compute."""

from __future__ import annotations

import pytest

from ltd_core.lazy import torch
from ltd_core.problems import PROBLEMS, Batch
from tests.ltd_core.cells.harness import JUDGES, NETWORKS, STARTS, VARIANTS, Case

pytestmark = pytest.mark.long  # a few compilations each
WHOLLY = ("temporal_order", "adding")
"""Problems with which every weight is moved; with others, a dozen."""

MOVED_TOGETHER = 32
"""Weights of which each is moved in lanes of its own."""

READOUTS = {"lstm": ("sines",), "layers with skips": ("sines",)}
"""Problems of the readout that others leave out, numbers at every step, by cells that meet it."""
MEETINGS = [
    (variant, problem)
    for variant in VARIANTS
    for problem in PROBLEMS
    if variant == "rnn" or problem in (*WHOLLY, "copying", *READOUTS.get(variant, ()))
]
"""The plain cell meets every problem; the others meet classes and numbers at the end, and classes at every step."""

SMALL, LARGE = (5, 3), (19, 7)
"""Sizes of the hidden state and the minibatch: one tile of registers, and several with rests."""


def alone(variant: str) -> pytest.MarkDecorator:
    """Keep a variant's tests in one process, which compiles each shape once."""
    return pytest.mark.xdist_group(f"cell {variant}")


each = pytest.mark.parametrize("variant", [pytest.param(variant, marks=alone(variant)) for variant in VARIANTS])
meetings = pytest.mark.parametrize(
    ("variant", "problem"), [pytest.param(*meeting, marks=alone(meeting[0])) for meeting in MEETINGS]
)


def case_of(variant: str, sizes: tuple[int, int], problem: str = "temporal_order") -> Case:
    return Case(VARIANTS[variant] | {"hidden_size": sizes[0]}, sizes[1], problem)


@pytest.mark.parametrize("network", list(NETWORKS))
@meetings
def test_gradients_are_finite_differences(variant: str, network: str, problem: str) -> None:
    case = case_of(variant, SMALL, problem)
    _, _, gradient, _ = case.train(network)
    columns = case.trained.nonzero().flatten()
    if problem not in WHOLLY:
        columns = columns[:: max(1, len(columns) // 12)]
    for some in columns.split(MOVED_TOGETHER):
        torch.testing.assert_close(gradient[:, some], case.slopes(network, some), rtol=1e-6, atol=1e-8)


@meetings
def test_both_ways_to_compute_agree(variant: str, problem: str) -> None:
    large = variant == "rnn" or problem == "temporal_order"  # each readout, each recurrence
    case = case_of(variant, LARGE if large else SMALL, problem)
    machine, tensor = case.train("machine"), case.train("tensor")
    torch.testing.assert_close(machine[3], tensor[3], rtol=1e-12, atol=1e-15, equal_nan=True)
    for mine, theirs in zip(machine[:2], tensor[:2], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-11, atol=1e-14)
    moved = case.trained
    torch.testing.assert_close(machine[2][:, moved], tensor[2][:, moved], rtol=1e-11, atol=1e-14)


@each
@pytest.mark.parametrize("network", list(NETWORKS))
def test_an_evaluation_reads_what_training_reads(variant: str, network: str) -> None:
    case = case_of(variant, LARGE)
    judged, trained = JUDGES[network](case.spec, case.rows, case.batch), case.train(network)
    torch.testing.assert_close(tuple(judged), trained[:2], rtol=1e-13, atol=0)


@each
@pytest.mark.parametrize("network", list(NETWORKS))
def test_nothing_before_a_lane_starts_matters(variant: str, network: str) -> None:
    case = case_of(variant, SMALL)
    changed = case.batch.inputs.clone()
    for lane, start in enumerate(STARTS):
        changed[lane, :start] = 7.0
    after = case.train(network, Batch(changed, case.batch.targets, case.batch.starts))
    for mine, theirs in zip(case.train(network)[:3], after[:3], strict=True):
        assert torch.equal(mine, theirs)


@each
def test_a_sequence_changes_no_other(variant: str) -> None:
    """The gradient of a minibatch is the mean of its sequences' gradients."""
    case = case_of(variant, SMALL)
    single = case_of(variant, (SMALL[0], 1))
    parts = []
    for place in range(case.batch_size):
        rows = slice(place, place + 1)
        batch = Batch(case.batch.inputs[:, :, rows], case.batch.targets[:, rows], case.batch.starts)
        network, gradient = NETWORKS["machine"](single.spec, case.rows), torch.zeros_like(case.rows)
        network.train(case.rows, gradient, batch)
        parts.append(gradient)
    mean = torch.stack(parts).mean(0)[:, case.trained]
    torch.testing.assert_close(case.train("machine")[2][:, case.trained], mean, rtol=1e-11, atol=1e-14)


@each
def test_shapes_and_initial_weights_agree(variant: str) -> None:
    case = case_of(variant, SMALL)
    cell, first = case.spec.cell, case.layout.initial(case.spec)
    assert first.shape == (case.layout.size,)
    assert first.dtype == torch.float64
    assert 0 <= cell.candidate < len(cell.step.recurrent)
