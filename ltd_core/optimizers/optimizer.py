"""The base class of optimizers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar, TypeAlias

from pydantic import Field

from ltd_core.fields import Positive
from ltd_core.lazy import torch
from ltd_core.mechanism import Mechanism
from ltd_core.schedules import SCHEDULES, Schedule
from ltd_core.schedules.constant import ConstantSchedule

Tensors: TypeAlias = "Mapping[str, torch.Tensor]"
"""Tensors by name, one a lane."""


class Optimizer(Mechanism):
    """A rule that moves the weights of each lane; its memory is a fixed number of tensors shaped like the weights."""

    lr: Positive
    schedule: Annotated[Schedule, SCHEDULES] = Field(
        default=ConstantSchedule(), description="How the learning rate moves with the updates."
    )

    memory: ClassVar[tuple[str, ...]] = ()
    """Names of the tensors [K, P] that the rule carries from update to update, all starting at 0."""

    squares: ClassVar[tuple[str, ...]] = ()
    """Those of them that may become infinite while the weights stay finite, and would hold them still."""

    @classmethod
    @abstractmethod
    def step(
        cls, weights: torch.Tensor, gradient: torch.Tensor, memory: Tensors, settings: Tensors
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the new weights and memory, [K, P] each, leaving the old ones as they are; each setting is [K]."""
