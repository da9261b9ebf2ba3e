"""Experiments without training, behind the interface of `Pack`: one `advance` computes one run."""

from __future__ import annotations

import math

from ltd_core.engine import for_experiments
from ltd_core.engine.pack import Pack
from ltd_core.engine.state import pack_state
from ltd_core.engine.threads import one_thread
from ltd_core.errors import WrongPack
from ltd_core.experiments.direct import Direct
from ltd_core.lazy import torch
from ltd_core.outcome import Outcome, Progress
from ltd_core.spec import RunSpec


class Computation:
    """Computes one run an advance, on the CPU; a run that is interrupted is computed again, to the same numbers."""

    def __init__(self, spec: RunSpec, lanes: int) -> None:
        self.shape_key, self.lanes = spec.shape_key, lanes
        self._loaded: dict[int, Direct] = {}

    def load(self, lane: int, spec: RunSpec, state: bytes | None = None) -> None:  # noqa: ARG002 - nothing to resume
        """Put a run into a lane; raises WrongPack."""
        if not isinstance(spec, Direct) or spec.shape_key != self.shape_key:
            raise WrongPack(f"run {spec.digest} has shape {spec.shape_key}, the pack {self.shape_key}")
        self._loaded[lane] = spec

    def clear(self, lane: int) -> None:
        """Forget the run in a lane."""
        self._loaded.pop(lane, None)

    @one_thread
    def advance(self, seconds: float = math.inf) -> dict[int, Progress]:  # noqa: ARG002 - nothing to interrupt
        """Compute one run to its end."""
        if not self._loaded:
            return {}
        lane, spec = next(iter(self._loaded.items()))
        with torch.no_grad():
            computed = spec.compute_with(for_experiments)
        self.clear(lane)
        outcome = Outcome("exhausted", spec.steps, f"all {spec.steps} steps are computed")
        state = pack_state({"digest": spec.digest, "step": spec.steps}, {})
        return {lane: Progress(spec.steps, spec.blocks(computed), state, computed.summary, outcome)}


def pack_for(spec: RunSpec, lanes: int, device: str = "cpu") -> Pack | Computation:
    """Return what runs an experiment and others of its shape."""
    return Computation(spec, lanes) if isinstance(spec, Direct) else Pack(spec, lanes, device)
