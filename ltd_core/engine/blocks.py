"""Where blocks end: a function of the specification alone, so that a resumed run stores the same blocks."""

from __future__ import annotations

from ltd_core.experiments.training import Training

_FIRST = (16, 64)
"""Early boundaries, so that something can be seen at once."""
_BLOCK_OPERATIONS = 10**10
"""About what a core multiplies and adds in a fraction of a second."""
LONGEST_BLOCK = 1024
_MOST_NUMBERS = 2**20


def block_updates(spec: Training) -> int:
    """Return the updates in a full block, a power of two: about a second of work, at most 2^20 numbers of a trace."""
    steps, size = spec.problem.longest, spec.cell.hidden_size
    entering = (spec.cell.layers - 1) * size + spec.problem.input_size
    matrices = size * (spec.cell.layers * len(spec.cell.delays) * size + entering) * len(spec.cell.step.gates)
    operations = 6 * spec.batch_size * (steps * matrices + spec.problem.answers * size * spec.problem.output_size)
    most = min(_BLOCK_OPERATIONS // operations, _MOST_NUMBERS // steps, LONGEST_BLOCK)
    return 1 << (max(most, 1).bit_length() - 1)


def next_boundary(step: int, block: int, updates: int) -> int:
    """Return the first step after `step` at which a block ends."""
    ahead = [boundary for boundary in _FIRST if step < boundary < block]
    return min([*ahead, (step // block + 1) * block, updates])
