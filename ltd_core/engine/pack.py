"""K lanes of one shape: each a run of its own, bit for bit what it would be alone (on one device type).

A lane is the caller's number for a run; a slot is the row of that run in the tensors [K, ...]. Active lanes fill the
first slots, so that networks compute no empty rows: when a run ends, that of the last slot moves to its place.

A run hands over its traces in blocks. Their boundaries are a function of the specification and the step alone
(ltd_core.engine.blocks), so runs that were loaded at different times reach theirs at different calls, and a run that is
resumed makes the same blocks again. `advance` trains all lanes for the largest number of updates that takes none beyond
its next boundary, evaluation or observation, then evaluates and observes those that are due, until a lane is at a
boundary or has ended. The host waits for the device between these stretches of updates, never within one.
"""

from __future__ import annotations

import math
import time
from functools import partial

from ltd_core.engine.blocks import block_updates, next_boundary
from ltd_core.engine.evaluation import evaluate
from ltd_core.engine.former import as_before
from ltd_core.engine.lane import Lane
from ltd_core.engine.layout import Layout
from ltd_core.engine.observation import observe
from ltd_core.engine.pilot import resolved
from ltd_core.engine.recorder import Recorder
from ltd_core.engine.rounding import with_short_norms
from ltd_core.engine.state import pack_state, unpack_state
from ltd_core.engine.stepper import AheadStepper, GraphStepper
from ltd_core.engine.summary import RunningSummary
from ltd_core.engine.threads import one_thread
from ltd_core.engine.update import Memories
from ltd_core.errors import CorruptState, WrongPack
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.outcome import Outcome, Progress
from ltd_core.spec import RunSpec
from ltd_core.trace import TraceBlock

_SHORTEST = 4
"""Updates between two looks at the clock, at least."""


class Pack:
    """Trains up to `lanes` runs at once."""

    def __init__(self, spec: RunSpec, lanes: int, device: str = "cpu") -> None:
        if not isinstance(spec, Training):
            raise WrongPack(f"a pack trains; experiment {spec.experiment!r} does not")
        self.shape_key, self.lanes, self.device = spec.shape_key, lanes, device
        self._dtype = getattr(torch, spec.dtype)
        self._layout = Layout(spec)
        self._block = block_updates(spec)
        rows = partial(torch.zeros, lanes, dtype=self._dtype, device=device)
        self._weights = rows(self._layout.size)
        remembered = {name: rows(n) for name, n in spec.clipping.memory.items()}
        self._memories = Memories({name: rows(self._layout.size) for name in spec.optimizer.memory}, remembered)
        self._recorder = Recorder(spec, lanes, self._block, self._dtype, device)
        self._active: list[Lane] = []
        self._stepper: AheadStepper | GraphStepper | None = None
        self._loaded = False
        self._each = 0.0  # seconds of an update

    @property
    def _carried(self) -> dict[str, torch.Tensor]:
        """Return what is carried from update to update beside the weights, by its name in a state."""
        optimizer, clipping = self._memories
        return {f"memory.{name}": rows for name, rows in optimizer.items()} | {
            f"clipping.{name}": rows for name, rows in clipping.items()
        }

    def load(self, lane: int, spec: RunSpec, state: bytes | None = None) -> None:
        """Put a run into a free lane, from the start or from a state; raises WrongPack and CorruptState."""
        if not isinstance(spec, Training) or spec.shape_key != self.shape_key:
            raise WrongPack(f"run {spec.digest} has shape {spec.shape_key}, the pack {self.shape_key}")
        if not 0 <= lane < self.lanes or any(active.number == lane for active in self._active):
            raise WrongPack(f"lane {lane} is not a free lane of {self.lanes}")
        slot, loaded = len(self._active), Lane(lane, spec, clipping=resolved(spec, self._layout))
        if state is None:
            self._weights[slot] = self._layout.initial(spec).to(self._weights)
            for rows in self._carried.values():
                rows[slot].zero_()
        else:
            self._restore(slot, loaded, state)
        self._active.append(loaded)
        self._loaded = False

    def clear(self, lane: int) -> None:
        """Forget the run in a lane."""
        slot = next((i for i, active in enumerate(self._active) if active.number == lane), None)
        if slot is None:
            return
        last = len(self._active) - 1
        if slot != last:
            for rows in (self._weights, *self._carried.values()):
                rows[slot] = rows[last]
            self._recorder.move(last, slot)
            self._active[slot] = self._active[last]
        self._active.pop()
        self._loaded = False

    def state(self, lane: int) -> bytes:
        """Return the state at the lane's last boundary."""
        return next(active.last_state for active in self._active if active.number == lane)

    @one_thread
    def advance(self, seconds: float = math.inf) -> dict[int, Progress]:
        """Train every lane up to the nearest boundary of any; return the progress of those that reached one.

        After about so many seconds it returns without any: the next call goes on where this one ended.
        """
        progress: dict[int, Progress] = {}
        until = time.monotonic() + seconds
        while self._active and not progress and time.monotonic() < until:
            diverged = self._stretch(until)
            self._observe(diverged)
            solved = self._evaluate(diverged)
            for slot, lane in enumerate(self._active):
                outcome = self._outcome(lane, diverged=slot in diverged, error=solved.get(slot))
                if outcome or lane.step == next_boundary(lane.block_start, self._block, lane.spec.updates):
                    progress[lane.number] = self._progress(slot, lane, outcome)
        for number, made in progress.items():
            if made.outcome:
                self.clear(number)
        return progress

    def _stretch(self, until: float) -> frozenset[int]:
        """Make updates up to a boundary, evaluation or observation of any lane, or about a time; return who diverged.

        Where it ends changes no number. The first stretch of new lanes is short, to see how long an update takes.
        """
        stepper, begun = self._ready(), time.monotonic()
        updates = min(self._distance(lane) for lane in self._active)
        if until < math.inf:
            updates = min(updates, max(_SHORTEST, int((until - begun) / self._each)) if self._each else _SHORTEST)
        diverged = stepper.run(updates)
        self._each = (time.monotonic() - begun) / updates
        return diverged

    def _ready(self) -> AheadStepper | GraphStepper:
        """Return the stepper of the active lanes: a new one when they have changed, but for one that has a graph."""
        if self._stepper is None or (not self._loaded and isinstance(self._stepper, AheadStepper)):
            kind = AheadStepper if self.device == "cpu" else GraphStepper
            self._stepper = kind(self._active, self._layout, self._weights, self._memories, self._recorder)
        elif not self._loaded and isinstance(self._stepper, GraphStepper):
            self._stepper.load(self._active)
        self._loaded = True
        return self._stepper

    def _distance(self, lane: Lane) -> int:
        ahead = next_boundary(lane.step, self._block, lane.spec.updates) - lane.step
        for every in (lane.spec.evaluation.every, lane.spec.observation.every):
            ahead = min(ahead, every - lane.step % every) if every else ahead
        return ahead

    def _observe(self, diverged: frozenset[int]) -> None:
        """Observe the lanes that are due."""
        for slot, lane in enumerate(self._active):
            every = lane.spec.observation.every
            if every and lane.step % every == 0 and slot not in diverged:
                self._recorder.record_states(
                    lane, observe(lane.spec, lane.step, self._layout.effective(self._weights[slot : slot + 1])[0])
                )

    def _evaluate(self, diverged: frozenset[int]) -> dict[int, float]:
        """Evaluate the lanes that are due; return the error rates of those that are solved and stop, by slot."""
        due = [
            s
            for s, lane in enumerate(self._active)
            if (e := lane.spec.evaluation.every) and lane.step % e == 0 and s not in diverged
        ]
        if not due:
            return {}
        lanes = [self._active[slot] for slot in due]
        figures = evaluate(lanes, self._layout.effective(self._weights[due]))
        ended: dict[int, float] = {}
        for slot, lane, found in zip(due, lanes, figures, strict=True):
            solved = found.error < lane.spec.evaluation.solved_below
            lane.evaluations.append((lane.step, found.loss, found.error))
            lane.summary.evaluated(lane.step, found.error, solved=solved)
            if solved and lane.spec.evaluation.stop:
                ended[slot] = found.error
        return ended

    @staticmethod
    def _outcome(lane: Lane, *, diverged: bool, error: float | None) -> Outcome | None:
        if diverged:
            return Outcome(
                "diverged",
                lane.step,
                f"the loss, the gradient, the weights or the optimizer left the finite range at update {lane.step}",
            )
        if error is not None:
            sequences = lane.spec.evaluation.sequences
            return Outcome(
                "solved", lane.step, f"{error:.2%} of {sequences} fresh sequences wrong after update {lane.step}"
            )
        if lane.step == lane.spec.updates:
            return Outcome("exhausted", lane.step, f"the budget of {lane.spec.updates} updates is used up")
        return None

    def _progress(self, slot: int, lane: Lane, outcome: Outcome | None) -> Progress:
        blocks = self._recorder.collect(slot, lane)
        lane.summary.add({block.name: block.values for block in blocks})
        blocks += self._evaluation_blocks(lane)
        if lane.spec.observation.short_norms:
            blocks = with_short_norms(blocks)
        if lane.former:
            blocks = as_before(blocks)
        lane.block_start, lane.periodic, lane.evaluations = lane.step, [], []
        lane.last_state = self._save(slot, lane)
        summary = lane.summary.report(diverged=outcome is not None and outcome.kind == "diverged")
        return Progress(lane.step, tuple(blocks), lane.last_state, summary, outcome)

    @staticmethod
    def _evaluation_blocks(lane: Lane) -> list[TraceBlock]:
        if not lane.evaluations:
            return []
        dtype = lane.spec.dtype
        table = torch.tensor(lane.evaluations, dtype=torch.float64).numpy()
        first, every = lane.evaluations[0][0], lane.spec.evaluation.every
        return [
            TraceBlock(f"evaluation_{name}", first, every, table[:, i].astype(dtype))
            for i, name in ((1, "loss"), (2, "error"))
        ]

    def _save(self, slot: int, lane: Lane) -> bytes:
        meta = {"digest": lane.spec.digest, "step": lane.step, "summary": lane.summary.kept, "former": lane.former}
        arrays = {
            f"weight.{name}": view[0].cpu().numpy()
            for name, view in self._layout.views(self._weights[slot : slot + 1]).items()
        }
        arrays |= {name: rows[slot].cpu().numpy() for name, rows in self._carried.items()}
        return pack_state(meta, arrays)

    def _restore(self, slot: int, lane: Lane, state: bytes) -> None:
        meta, arrays = unpack_state(state)
        if meta["digest"] != lane.spec.digest:
            raise CorruptState(f"the state belongs to run {meta['digest']}, not to {lane.spec.digest}")
        flat = [torch.from_numpy(arrays[f"weight.{name}"].copy()).flatten() for name in self._layout.shapes]
        self._weights[slot] = torch.cat(flat).to(self._weights)
        for name, rows in self._carried.items():
            rows[slot] = torch.from_numpy(arrays[name].copy()).to(rows)
        lane.step = lane.block_start = meta["step"]
        lane.former = meta.get("former", RunningSummary.is_former(meta["summary"]))
        lane.summary = RunningSummary(meta["summary"])
        lane.last_state = state
