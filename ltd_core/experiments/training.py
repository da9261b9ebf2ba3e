"""Training a recurrent network on a problem."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from ltd_core.cells import CELLS, Cell
from ltd_core.cells.rnn import Rnn
from ltd_core.clipping import CLIPPINGS, Clipping
from ltd_core.clipping.none import NoClipping
from ltd_core.errors import FieldError
from ltd_core.experiments.experiment import RunSpec
from ltd_core.experiments.representable import require_representable
from ltd_core.experiments.training_pictures import training_pictures
from ltd_core.fields import Count, Share, Whole
from ltd_core.initializations import INITIALIZATIONS, Initialization
from ltd_core.initializations.spectral import Spectral
from ltd_core.mechanism import Mechanism
from ltd_core.optimizers import OPTIMIZERS, Optimizer
from ltd_core.optimizers.sgd import Sgd
from ltd_core.picture import Picture
from ltd_core.probes import PROBES
from ltd_core.probes.observation import Observation
from ltd_core.problems import PROBLEMS, Problem
from ltd_core.problems.problem import stored
from ltd_core.regularizers import REGULARIZERS, Regularizer
from ltd_core.regularizers.none import NoRegularizer
from ltd_core.trace import TraceInfo

MOST_UPDATES = 10_000_000
LARGEST_BATCH = 4096
MOST_NUMBERS = 100_000_000
"""Largest T * B * H: what one lane keeps of its states, in numbers; the same for its inputs and its outputs."""
EVALUATED_TOGETHER = 100
"""Sequences that an evaluation draws at once, for any batch size."""


class Evaluation(Mechanism):
    """Measures the error rate on fresh sequences, and decides whether the problem is solved."""

    kind: Literal["fresh"] = "fresh"
    every: Annotated[Whole, Field(ge=0)] = Field(default=250, description="Updates between evaluations; 0 for never.")
    sequences: Annotated[Count, Field(le=100_000)] = Field(default=1000, description="Fresh sequences per evaluation.")
    solved_below: Share = Field(default=0.01, description="Solved when the error rate is below this.")
    stop: bool = Field(default=True, strict=True, description="End the run when it is solved.")


class Training(RunSpec):
    """One network trained on one problem; gradients are traced through time."""

    summary: ClassVar[str] = "Train a recurrent network on a problem and trace its gradients through time."

    lane_fields: ClassVar[frozenset[str]] = frozenset({"seed", "updates"})

    experiment: Literal["training"] = "training"
    updates: Annotated[Count, Field(le=MOST_UPDATES)] = Field(default=1000, description="Number of updates.")
    problem: Annotated[Problem, PROBLEMS]
    cell: Annotated[Cell, CELLS] = Rnn()
    initialization: Annotated[Initialization, INITIALIZATIONS] = Spectral()
    regularizer: Annotated[Regularizer, REGULARIZERS] = NoRegularizer()
    clipping: Annotated[Clipping, CLIPPINGS] = NoClipping()
    optimizer: Annotated[Optimizer, OPTIMIZERS] = Sgd()
    batch_size: Annotated[Count, Field(le=LARGEST_BATCH)] = Field(default=20, description="Sequences per minibatch.")
    evaluation: Evaluation = Evaluation()
    observation: Observation = Observation()
    dtype: Literal["float32", "float64"] = Field(default="float32", description="Precision of every number.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problem, sequences = self.problem, max(self.batch_size, EVALUATED_TOGETHER)
        sizes = {
            "length x batch_size x hidden_size x layers": (
                problem.longest * self.batch_size * self.cell.hidden_size * self.cell.layers
            ),
            f"length x sequences ({sequences}) x inputs": problem.longest * sequences * problem.input_size,
            f"answers x sequences ({sequences}) x outputs": problem.answers * sequences * problem.output_size,
        }
        for name, numbers in sizes.items():
            if numbers > MOST_NUMBERS:
                raise ValueError(f"{name} must be at most {MOST_NUMBERS:,}, not {numbers:,}: make one smaller")
        return self

    @model_validator(mode="after")
    def _has_a_meaning(self) -> Self:
        """Refuse combinations without one."""
        cell = self.cell
        if max(cell.delays) >= self.problem.longest:
            raise FieldError(
                "cell.delays", f"must be below the longest sequence, {self.problem.longest}, not {list(cell.delays)}"
            )
        if self.clipping.per == "example" and (self.regularized or cell.orthogonal):
            raise FieldError(
                "clipping.per", "'example' clips gradients of the loss alone: without regularizer and constraint"
            )
        if self.regularized and not (cell.markov and len(cell.step.recurrent) == len(cell.step.states) == 1):
            raise FieldError(
                "regularizer",
                "'omega' is defined for a state that reaches the next through one matrix: "
                "cell 'rnn' with layers 1 and delays [1], "
                f"not {cell.kind!r} with {cell.layers} and {list(cell.delays)}",
            )
        return self

    @model_validator(mode="after")
    def _fits_its_precision(self, info: ValidationInfo) -> Self:
        """Refuse numbers that the run would not compute with; one that is stored was accepted before."""
        if not stored(info):
            for name in ("problem", "cell", "initialization", "regularizer", "clipping", "optimizer"):
                require_representable(getattr(self, name), name, self.dtype)
        return self

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Return a specification to post."""
        return cls.model_validate({"problem": {"kind": "temporal_order"}, "clipping": {"kind": "norm"}}).full()

    @property
    def steps(self) -> int:
        """Return the number of updates."""
        return self.updates

    @property
    def operations(self) -> float:
        """Count the sequences: a way back costs two ways forward, an observation one for every unit."""
        cell, evaluation, observation = self.cell, self.evaluation, self.observation
        forward = 2 * cell.layers * len(cell.step.recurrent) * cell.hidden_size
        forward *= cell.hidden_size + self.problem.input_size
        sequences = 3 * self.updates * self.batch_size
        if evaluation.every:
            sequences += self.updates // evaluation.every * evaluation.sequences
        if observation.every:
            sequences += 3 * (self.updates // observation.every) * observation.sequences * cell.hidden_size
        return float(self.problem.longest * forward * sequences)

    @property
    def time_steps(self) -> int:
        """Return the time steps of all updates."""
        return self.updates * self.problem.longest

    @property
    def regularized(self) -> bool:
        """Return whether there is a regularizer."""
        return not isinstance(self.regularizer, NoRegularizer)

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return the probes' declarations, and those of the evaluations."""
        every = self.evaluation.every
        evaluated = (
            TraceInfo("evaluation_loss", "loss", ("step",), every, "Mean loss on fresh sequences, after the update."),
            TraceInfo(
                "evaluation_error",
                "share",
                ("step",),
                every,
                "Share of fresh sequences answered wrongly, after the update.",
            ),
        )
        return tuple(probe.info(self) for probe in PROBES.values() if probe.applies(self)) + (
            evaluated if every else ()
        )

    def pictures(self) -> tuple[Picture, ...]:
        """Return what its mechanisms are about first."""
        solved_below = self.evaluation.solved_below if self.evaluation.every else None
        return training_pictures(self, self.clipping, solved_below)

    def former_traces(self) -> dict[str, TraceInfo]:
        """Return those of the probes."""
        known = {name: probe.former(self) for name, probe in PROBES.items() if probe.applies(self)}
        return {name: info for name, info in known.items() if info is not None}
