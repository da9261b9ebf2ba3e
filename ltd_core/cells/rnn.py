"""The plain recurrent network, with units of any time scale."""

from __future__ import annotations

from functools import cache
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.cells.cell import Cell, Periods
from ltd_core.errors import FieldError
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from ltd_core.recurrence.expression import active, constant, gate, node, old, relu, tanh
from ltd_core.recurrence.step import Step
from ltd_core.time_scales import TIME_SCALES, TimeScale
from ltd_core.time_scales.none import NoTimeScale

_FUNCTIONS = {"tanh": tanh, "relu": relu, "identity": node}
_PERIOD = "period"
_DRAW = 5


class Rnn(Cell):
    """One matrix from state to state; units may leak, and may run at their own period."""

    formula: ClassVar[str] = (
        "v_t = f(sum_d h_{t-d} W_d + x_t U + b), h_t = alpha h_{t-1} + (1 - alpha) v_t (alpha = 0 without a time "
        "scale), h_0 = 0; with state periods, h_t = h_{t-1} where the period does not divide t - 1"
    )
    source: ClassVar[str] = (
        "Elman 1990; leaky units: Jaeger et al. 2007; skip connections: Lin et al. 1996; state periods: Koutnik et al. "
        "2014, A clockwork RNN (faster groups do not reach slower ones)"
    )

    kind: Literal["rnn"] = "rnn"
    nonlinearity: Literal["tanh", "relu", "identity"] = Field(default="tanh", description="f.")
    time_scale: Annotated[TimeScale, TIME_SCALES] = Field(
        default=NoTimeScale(), description="Where the alpha of leaky units comes from."
    )
    state_periods: Periods = Field(
        default=(),
        description="Time steps from one change of a group's state to the next, one number a group; the groups are "
        "equal parts of the units. None: every unit changes at every step.",
    )

    constraint: Literal["none", "orthogonal"] = Field(
        default="none",
        description="Keep every recurrent matrix orthogonal, as a product of reflections; it starts at the orthogonal "
        "part of what the initialization draws.",
    )

    @model_validator(mode="after")
    def _periods_fit(self) -> Self:
        for name, values in (("state_periods", self.state_periods), ("time_scale.alpha", self.time_scale.groups)):
            if len(values) > self.hidden_size:
                raise FieldError(name, f"must be at most one group a unit, {self.hidden_size}, not {len(values)}")
        if self.constraint != "none" and (self.state_periods or self.update_periods):
            raise FieldError(
                "constraint",
                "an orthogonal matrix moves as a whole, so it goes with no state_periods or update_periods",
            )
        return self

    @property
    def step(self) -> Step:
        return _step(self.nonlinearity, type(self.time_scale), clocked=bool(self.state_periods))

    @property
    def orthogonal(self) -> bool:
        return self.constraint == "orthogonal"

    @property
    def groups(self) -> tuple[float, ...]:
        return self.update_periods or self.state_periods or self.time_scale.groups

    def start(self, weights: dict[str, torch.Tensor], draws: Draws, first: int) -> None:
        """Set time scales and periods, and cut what would reach a slower group."""
        for name in (*self.time_scale.parameters, *self.time_scale.constants):
            given = self.of_groups(self.time_scale.groups)
            weights[name].copy_(self.time_scale.draw(draws, first + _DRAW, self.hidden_size, given))
        if self.state_periods:
            weights[_PERIOD].copy_(self.of_groups(self.state_periods))
            weights["W"][self._cut(weights["W"])] = 0.0

    def periods(self, input_size: int) -> dict[str, torch.Tensor]:
        """Return the updates between two moves of each weight: what is cut never moves."""
        periods = super().periods(input_size)
        if self.state_periods:
            for name, shape in self.shapes(input_size).items():
                if name.startswith("W"):
                    periods.setdefault(name, self.of_groups((1,)).expand(shape).clone())
                    periods[name][self._cut(periods[name])] = 0
        return periods

    def _cut(self, matrices: torch.Tensor) -> torch.Tensor:
        """Return where W, of any delay, leads from a faster group to a slower one."""
        period = self.of_groups(self.state_periods)
        return (period.unsqueeze(1) < period).repeat(matrices.shape[0] // self.hidden_size, 1)


@cache
def _step(nonlinearity: str, time_scale: type[TimeScale], *, clocked: bool) -> Step:
    value, alpha = _FUNCTIONS[nonlinearity](gate("a")), time_scale.leak()
    if alpha is not None:
        value = alpha * old("h") + (1.0 - alpha) * value
    constants = time_scale.constants
    if clocked:
        now = active(constant(_PERIOD))
        value, constants = now * value + (1.0 - now) * old("h"), (*constants, _PERIOD)
    return Step(("a",), (("h", value),), parameters=time_scale.parameters, constants=constants)
