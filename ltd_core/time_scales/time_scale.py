"""The base class of time scales: they set the alpha of leaky units."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Discriminator, Field, Tag

from ltd_core.fields import Real
from ltd_core.lazy import torch
from ltd_core.mechanism import Mechanism
from ltd_core.randomness import Draws
from ltd_core.recurrence.expression import Node, constant

_ALPHA = "alpha"


def _form(value: object) -> str:
    return "groups" if isinstance(value, list | tuple) else "number"


_Share = Annotated[Real, Field(ge=0, le=1)]
_Inner = Annotated[Real, Field(gt=0, lt=1)]
_GROUPS = Field(min_length=1, max_length=64)

Alpha = Annotated[
    Annotated[_Share, Tag("number")] | Annotated[tuple[_Share, ...], _GROUPS, Tag("groups")], Discriminator(_form)
]
"""One number for all units, or one for each group of them; groups are equal parts."""
InnerAlpha = Annotated[
    Annotated[_Inner, Tag("number")] | Annotated[tuple[_Inner, ...], _GROUPS, Tag("groups")], Discriminator(_form)
]


class TimeScale(Mechanism):
    """A source of alpha in h_t = alpha h_{t-1} + (1 - alpha) v_t; its time constant is -1 / ln alpha steps."""

    parameters: ClassVar[tuple[str, ...]] = ()
    constants: ClassVar[tuple[str, ...]] = (_ALPHA,)

    @classmethod
    def leak(cls) -> Node | None:
        """Return alpha as a formula of a unit's numbers; None for units that do not leak."""
        return constant(_ALPHA)

    @property
    def groups(self) -> tuple[float, ...]:
        """Return the alpha that is set for each group of units; the groups are equal parts of them."""
        alpha: float | tuple[float, ...] = getattr(self, "alpha", ())
        return alpha if isinstance(alpha, tuple) else (alpha,)

    def draw(self, draws: Draws, draw: int, size: int, given: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return the unit's numbers to start with, [H], float64; `given` is the alpha of each unit's group."""
        return given
