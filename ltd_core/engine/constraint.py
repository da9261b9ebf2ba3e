"""Orthogonal recurrent matrices: rows hold free parameters, networks see the matrices that these generate."""

from __future__ import annotations

import math
from typing import Any

from ltd_core.experiments.training import Training
from ltd_core.lazy import torch


class Orthogonal:
    """Keeps every recurrent matrix orthogonal, as a product of Householder reflections (torch's parametrization)."""

    def __init__(self, spec: Training, shapes: dict[str, tuple[int, ...]]) -> None:
        self._size, self._places, first = spec.cell.hidden_size, list[int](), 0
        self._made: dict[tuple[torch.dtype, torch.device], Any] = {}
        for name, shape in shapes.items():
            size = math.prod(shape)
            if name.startswith("W"):
                self._places += range(first, first + size, self._size * self._size)
            first += size

    def free(self, row: torch.Tensor) -> torch.Tensor:
        """Return the free numbers, [P], of weights whose matrices become the orthogonal part of a QR decomposition."""
        parameters = row.clone()
        for first in self._places:
            module = self._module(row)
            module.weight = self._matrix(row, first)
            parameters[self._own(first)] = self._raw(module).detach().flatten()
        return parameters

    def effective(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the weights that free numbers stand for, [K, P]."""
        weights = rows.clone()
        for lane in range(len(rows)):  # each alone: no bit depends on the neighbors
            for first in self._places:
                weights[lane, self._own(first)] = self._standing(rows[lane], first)[1].detach().flatten()
        return weights

    def pull_back(self, rows: torch.Tensor, gradient: torch.Tensor) -> None:
        """Turn gradients of the weights, [K, P], into those of the free numbers, in place."""
        for lane in range(len(rows)):
            for first in self._places:
                with torch.enable_grad():
                    raw, weight = self._standing(rows[lane], first)
                    (slope,) = torch.autograd.grad(weight, raw, self._matrix(gradient[lane], first))
                gradient[lane, self._own(first)] = slope.flatten()

    def _standing(self, row: torch.Tensor, first: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a matrix's free numbers, a leaf, and what they stand for."""
        module = self._module(row)
        raw = self._raw(module)
        with torch.no_grad():
            raw.copy_(self._matrix(row, first))
        return raw, module.weight

    def _module(self, like: torch.Tensor) -> Any:
        """Return the parametrization in the precision and on the device of a row; made once."""
        kind = like.dtype, like.device
        if kind not in self._made:
            module = torch.nn.Linear(self._size, self._size, bias=False, dtype=like.dtype, device=like.device)
            with torch.no_grad():
                module.weight.copy_(torch.eye(self._size))
            with torch.enable_grad():
                self._made[kind] = torch.nn.utils.parametrizations.orthogonal(
                    module, orthogonal_map="householder", use_trivialization=False
                )
        return self._made[kind]

    @staticmethod
    def _raw(module: Any) -> torch.Tensor:
        parameters: torch.Tensor = module.parametrizations.weight.original
        return parameters

    def _matrix(self, row: torch.Tensor, first: int) -> torch.Tensor:
        return row[self._own(first)].detach().reshape(self._size, self._size).clone()

    def _own(self, first: int) -> slice:
        return slice(first, first + self._size * self._size)
