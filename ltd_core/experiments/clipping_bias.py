"""What clipping does to the mean gradient: its bias, by threshold and batch size, on a finite data set."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.cells import CELLS, Cell
from ltd_core.cells.rnn import Rnn
from ltd_core.clipping import CLIPPINGS, Clipping
from ltd_core.clipping.none import NoClipping
from ltd_core.errors import FieldError
from ltd_core.experiments.bias_surface import measured
from ltd_core.experiments.direct import Computed, Direct, Engine
from ltd_core.experiments.recurrence import finite
from ltd_core.experiments.training import LARGEST_BATCH, Evaluation, Training
from ltd_core.fields import Count, Positive, Whole
from ltd_core.initializations import INITIALIZATIONS, Initialization
from ltd_core.initializations.spectral import Spectral
from ltd_core.lazy import torch
from ltd_core.optimizers import OPTIMIZERS, Optimizer
from ltd_core.optimizers.sgd import Sgd
from ltd_core.picture import Axis, Curve, Numbers, Picture, silent
from ltd_core.problems import PROBLEMS, Problem
from ltd_core.scaling import scaled_norms
from ltd_core.told import told
from ltd_core.trace import TraceInfo

Places = Annotated[tuple[Annotated[Whole, Field(ge=0, le=1_000_000)], ...], Field(min_length=1, max_length=16)]
Thresholds = Annotated[tuple[Positive, ...], Field(min_length=1, max_length=64)]
Sizes = Annotated[tuple[Annotated[Count, Field(le=16_384)], ...], Field(min_length=1, max_length=16)]


class ClippingBias(Direct):
    """The mean of clipped minibatch gradients beside the clipped gradient of all examples, along a training run."""

    summary: ClassVar[str] = "Measure the bias of clipping over thresholds and batch sizes, against the full gradient."
    formula: ClassVar[str] = (
        "bias = E[clip(g_B)] - clip(E[g]); E over disjoint minibatches of random permutations of the examples; the "
        "full gradient E[g] is exact; standard errors from the number of minibatches"
    )
    source: ClassVar[str] = "Chen, Wu and Hong 2020; Koloskova, Hendrikx and Stich 2023 (both on the bias of clipping)"

    experiment: Literal["clipping_bias"] = "clipping_bias"
    problem: Annotated[Problem, PROBLEMS]
    cell: Annotated[Cell, CELLS] = Rnn()
    initialization: Annotated[Initialization, INITIALIZATIONS] = Spectral()
    after: Places = Field(default=(0,), description="Updates of a training run after which the bias is measured.")
    optimizer: Annotated[Optimizer, OPTIMIZERS] = Sgd()
    clipping: Annotated[Clipping, CLIPPINGS] = NoClipping()
    batch_size: Annotated[Count, Field(le=LARGEST_BATCH)] = Field(
        default=20, description="Sequences per minibatch of the training run; the clipping above is its rule."
    )
    rule: Literal["norm", "value", "example_norm"] = Field(
        default="norm",
        description="The rule that is measured: norm or elements of a minibatch's gradient, or each example's norm.",
    )
    thresholds: Thresholds = Field(default=(0.1, 0.3, 1.0, 3.0), description="Thresholds of the surface.")
    unit: Literal["absolute", "quantile"] = Field(
        default="absolute",
        description="Thresholds are numbers, or quantiles (up to 1) of the examples' gradient norms.",
    )
    batch_sizes: Sizes = Field(default=(1, 4, 16, 64), description="Batch sizes of the surface.")
    examples: Annotated[Count, Field(le=16_384)] = Field(default=1024, description="Sequences of the finite data set.")
    permutations: Annotated[Count, Field(le=1000)] = Field(
        default=1, description="Random orders of the examples that are cut into minibatches."
    )
    dtype: Literal["float32", "float64"] = Field(default="float32", description="Precision of the gradients.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        wrong = [size for size in self.batch_sizes if self.examples % size]
        if wrong:
            raise FieldError("batch_sizes", f"must divide the {self.examples} examples, not {wrong}")
        if self.unit == "quantile" and max(self.thresholds) > 1:
            raise FieldError("thresholds", f"quantiles must be at most 1, not {max(self.thresholds)}")
        self.training(max(self.after))
        return self

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Return a specification to post."""
        return cls.model_validate({"problem": {"kind": "temporal_order", "length": 50}}).full()

    @property
    def steps(self) -> int:
        """Return the number of places along the run."""
        return len(self.after)

    def training(self, updates: int) -> Training:
        """Return the training run with a number of updates, at least one."""
        names = ("problem", "cell", "initialization", "optimizer", "clipping", "batch_size", "dtype", "seed")
        return Training(
            **{name: getattr(self, name) for name in names}, updates=max(updates, 1), evaluation=Evaluation(every=0)
        )

    def compute_with(self, engine: Engine) -> Computed:
        """Return the surfaces at each place of the training run."""
        made: dict[str, list[torch.Tensor]] = {info.name: [] for info in self.traces()}
        for row in self._rows(engine):
            gradients = engine.example_gradients(self.training(1), row, self.examples)
            limits = torch.tensor(self.thresholds, dtype=torch.float64)
            if self.unit == "quantile":
                limits = torch.quantile(scaled_norms(gradients.double()), limits)
            surface = measured(gradients, limits, self.batch_sizes, self.rule, (self.seed, self.permutations))
            for name, values in surface._asdict().items():
                made[name].append(values)
        traces = {name: torch.stack(values) for name, values in made.items()}
        named = {name: name for name in ("bias_norm", "bias_cosine", "bias_norm_ratio")} | {
            "clipped_share": "bias_clipped_share"
        }
        summary = {metric: float(traces[name][-1, 0, 0]) for metric, name in named.items()}
        return Computed(traces, finite(summary))

    def _rows(self, engine: Engine) -> list[torch.Tensor]:
        """Return the weights at each place, [P]: of runs that differ in nothing but their length."""
        lengths = [updates for updates in dict.fromkeys(self.after) if updates]
        rows = dict(zip(lengths, engine.final_weights([self.training(n) for n in lengths]), strict=True))
        if 0 in self.after:
            rows[0] = engine.initial_weights(self.training(1))
        return [rows[updates] for updates in self.after]

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return surfaces, a point a place."""
        axes, size = ("after", "threshold", "batch_size"), (len(self.thresholds), len(self.batch_sizes))
        values = {"after": self.after, "threshold": self.thresholds, "batch_size": self.batch_sizes}
        declared = {
            "bias_norm": ("norm", "Norm of the mean clipped gradient less the clipped full gradient."),
            "bias_norm_error": ("norm", "Standard error of that difference, from the number of minibatches."),
            "distance_to_true": ("norm", "Norm of the mean clipped gradient less the full gradient as it is."),
            "bias_norm_ratio": ("ratio", "Norm of the mean clipped gradient over that of the clipped full one."),
            "bias_cosine": ("cosine", "Cosine of the mean clipped gradient and the full one; NaN where one is 0."),
            "bias_clipped_share": ("share", "Share of minibatches (of elements, of examples) that were clipped."),
        }
        surfaces = (TraceInfo(name, unit, axes, 1, text, size, values) for name, (unit, text) in declared.items())
        of_all = "Norm of the full gradient."
        return (*surfaces, TraceInfo("full_gradient_norm", "norm", ("after",), 1, of_all, (), {"after": self.after}))

    def pictures(self) -> tuple[Picture, ...]:
        """Return the bias by threshold and batch size at each place of the run, then what else clipping did there."""
        norm = Picture(
            "full_gradient_norm",
            "How long is the full gradient along the run?",
            Axis("after update"),
            Axis("norm", "log"),
            (Curve("full_gradient_norm", "after"),),
        )
        return (*(picture for place in range(len(self.after)) for picture in self._at(place)), norm)

    def _at(self, place: int) -> Iterator[Picture]:
        """Yield the pictures of one place."""
        threshold = Axis("threshold" if self.unit == "absolute" else "threshold, quantile of the norms", "log")
        after, at = self.after[place], {"after": place}
        when = f" after {after:,} updates" if after else " at the initial weights"
        drawn = {
            "bias_norm": ("How large is the bias of clipping", Axis("norm of the bias", "log"), "bias_norm_error"),
            "bias_cosine": ("Does the clipped gradient keep its direction", Axis("cosine with the full gradient"), ""),
            "bias_norm_ratio": ("Does clipping each minibatch shorten the step", Axis("length over the clipped"), ""),
            "bias_clipped_share": ("How much is clipped", Axis("share clipped", share=True), ""),
            "distance_to_true": ("How far is the clipped gradient from the full one", Axis("distance", "log"), ""),
        }
        for name, (question, axis, error) in drawn.items():
            curve = Curve(name, "threshold", "batch size", by="batch_size", at=at, error=error)
            caption = partial(self._told, place) if name == "bias_norm" else silent
            yield Picture(f"{name}_after_{after}", f"{question}{when}?", threshold, axis, (curve,), caption)

    def _told(self, place: int, numbers: Numbers) -> str:
        """Say the bias of the smallest and the largest batch at the first threshold."""
        small, large = min(self.batch_sizes), max(self.batch_sizes)
        norms = [numbers.point("bias_norm", place, 0, self.batch_sizes.index(size)) for size in (small, large)]
        return (
            f"At threshold {told(self.thresholds[0])} the bias is {told(norms[0])} with batch size {small:,} and "
            f"{told(norms[1])} with batch size {large:,}; the full gradient has norm "
            f"{told(numbers.point('full_gradient_norm', place))}."
        )
