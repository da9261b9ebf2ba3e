"""The interface of a network of K lanes: a forward and a backward pass for one minibatch a lane."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ltd_core.lazy import torch
from ltd_core.problems import Batch


class Reading(NamedTuple):
    """loss [K], cross-entropy in nats or mean squared error, and error_rate [K] of a minibatch."""

    loss: torch.Tensor
    error_rate: torch.Tensor


class Omega(NamedTuple):
    """value [K] of a regularizer, and its gradient [K, H gates H] for the first layer's W."""

    value: torch.Tensor
    gradient: torch.Tensor


class Network(Protocol):
    """A network with buffers for one number of lanes."""

    @property
    def delta_logs(self) -> torch.Tensor:
        """Return the logarithms of the norms of d loss / d h_T, d loss / d h_{T-1}, ... at the last minibatch, [K, T].

        -inf where a norm is zero, NaN before a lane's start; h is the states of all layers.
        """

    @property
    def omega(self) -> Omega:
        """Return what a regularizer measured at the last minibatch; meaningless without one."""

    def train(self, rows: torch.Tensor, gradient: torch.Tensor, batch: Batch) -> Reading:
        """Return what was read, valid until the next call, and write the gradient of every weight; both are [K, P]."""
