"""Runs updates ahead of their results: on the CPU with minibatches drawn together, on a GPU as a recorded graph.

An update never asks whether a lane has diverged. On the device, a mask `alive` [K] stops the writes of a lane whose
loss or norm is not finite, and a counter [K] holds the updates that it took; `Updater.end` reads both after a stretch
of updates. So the host runs ahead of the device, and results are the same as if it looked after every update.

On the CPU, drawing is many small tensor operations whose cost hardly grows with their size: the minibatches of up to 16
updates are drawn in one go. On CUDA, launching the operations of an update takes longer than they do: they are recorded
once as a graph. A graph keeps its addresses, so settings are refilled in place, lanes come and go by the mask, and only
another set of operations needs another recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ltd_core.engine.exact_omega import ExactOmega
from ltd_core.engine.example_network import ExampleNetwork
from ltd_core.engine.lane import Lane
from ltd_core.engine.layout import Layout
from ltd_core.engine.machine_network import MachineNetwork
from ltd_core.engine.network import Network
from ltd_core.engine.recorder import Recorder
from ltd_core.engine.tensor_network import TensorNetwork
from ltd_core.engine.update import Memories, Updater
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from ltd_core.randomness import Draws

_MOST_AHEAD = 16
_NUMBERS_AHEAD = 2**20
"""Inputs drawn at once: at most this many updates, and about this many numbers."""
_WARM_UPS = 3
"""Calls before a recording, so that libraries have made their plans."""


def _network(spec: Training, rows: torch.Tensor, *, tensors: bool = False) -> Network:
    """Return the network of rows [K, P]: machine code, or tensor operations when `tensors` is set."""
    if spec.clipping.per == "example":
        return ExampleNetwork(spec, rows, tensors=tensors)
    plain = TensorNetwork(spec, len(rows), rows) if tensors else MachineNetwork(spec, len(rows))
    return ExactOmega(spec, rows, plain) if spec.regularizer.exact_ratio_of else plain


class AheadStepper:
    """Trains lanes by machine code; minibatches of several updates are drawn together."""

    def __init__(self, lanes: list[Lane], layout: Layout, rows: torch.Tensor, memories: Memories, to: Recorder) -> None:
        count = len(lanes)
        self._spec = lanes[0].spec
        optimizer, clipping = ({name: values[:count] for name, values in kept.items()} for kept in memories)
        network = _network(self._spec, rows[:count])
        self._updater = Updater(layout, rows[:count], Memories(optimizer, clipping), network, to)
        self._updater.load(lanes)
        problem = self._spec.problem
        numbers = count * problem.longest * self._spec.batch_size * problem.input_size
        self._ahead = max(1, min(_MOST_AHEAD, _NUMBERS_AHEAD // numbers))
        self._dtype = rows.dtype

    def run(self, updates: int) -> frozenset[int]:
        """Make updates; return the slots that diverged."""
        self._updater.begin(updates)
        for first in range(0, updates, self._ahead):
            for place, batch in enumerate(self._draw(first, min(self._ahead, updates - first))):
                self._updater.measure_weights(first + place)
                self._updater.update(batch)
        return self._updater.end()

    def _draw(self, first: int, updates: int) -> Iterator[Batch]:
        """Yield minibatches: many small operations cost as much as few."""
        lanes = self._updater.lanes
        steps = [lane.step + 1 + ahead for ahead in range(first, first + updates) for lane in lanes]
        draws = Draws.of([lane.key for lane in lanes] * updates, steps)
        drawn = self._spec.problem.draw(draws, self._spec.batch_size, self._dtype)
        for begin in range(0, updates * len(lanes), len(lanes)):
            rows = slice(begin, begin + len(lanes))
            yield Batch(drawn.inputs[rows], drawn.targets[rows], drawn.starts[rows])


class GraphStepper:
    """Trains a fixed number of rows: data, update and probes are recorded once as a CUDA graph, and replayed.

    Rows without a run are computed and ignored, so that a run's numbers do not depend on how many others there are.
    """

    def __init__(self, lanes: list[Lane], layout: Layout, rows: torch.Tensor, memories: Memories, to: Recorder) -> None:
        self._spec, self._dtype = lanes[0].spec, rows.dtype
        self._updater = Updater(layout, rows, memories, _network(self._spec, rows, tensors=True), to)
        self._words = torch.zeros(len(rows), 4, dtype=torch.int64, device=rows.device)
        self._replay: Callable[[], None] | None = None
        self.load(lanes)

    def load(self, lanes: list[Lane]) -> None:
        """Train these lanes from now on, by another recording where they need other operations."""
        if not self._updater.load(lanes):
            self._replay = None

    def run(self, updates: int) -> frozenset[int]:
        """Make updates; return the slots that diverged."""
        lanes = self._updater.lanes
        if self._replay is None:
            self._replay = self._recorded(lanes)
        self._updater.begin(updates)
        self._words[: len(lanes)] = Draws.of([lane.key for lane in lanes], [lane.step for lane in lanes]).words.to(
            self._words.device
        )
        for ahead in range(updates):
            self._updater.measure_weights(ahead)
            self._replay()
        return self._updater.end()

    def _update(self) -> None:
        self._words[:, 2] += 1
        self._updater.update(self._spec.problem.draw(Draws(self._words), self._spec.batch_size, self._dtype))

    def _recorded(self, lanes: list[Lane]) -> Callable[[], None]:
        """Return the update, on CUDA as a recorded graph; it is warmed up and recorded with every row dead."""
        waits = self._spec.regularizer.exact_ratio_of or self._spec.cell.orthogonal  # for the device: not recordable
        if self._words.device.type != "cuda" or waits:
            return self._update
        self._updater.kill()
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UPS):
                self._updater.begin(1)
                self._update()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._update()
        self._updater.load(lanes)
        return graph.replay
