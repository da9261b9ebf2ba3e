"""Orthogonal recurrent matrices: rows hold free parameters, networks see the matrices that these generate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ltd_core.lazy import torch

if TYPE_CHECKING:
    from ltd_core.experiments.training import Training


class Orthogonal:
    """Keeps every recurrent matrix orthogonal, as a product of Householder reflections (torch's parametrization)."""

    def __init__(self, spec: Training, shapes: dict[str, tuple[int, ...]]) -> None:
        self._size, self._places, first = spec.cell.hidden_size, list[int](), 0
        self._made: dict[tuple[torch.dtype, torch.device], Any] = {}
        for name, shape in shapes.items():
            count = math.prod(shape)
            if name.startswith("W"):
                self._places += range(first, first + count, self._size * self._size)
            first += count

    def free(self, row: torch.Tensor) -> torch.Tensor:
        """Return the free numbers, [P], of weights whose matrices become the orthogonal part of a QR decomposition."""
        found = row.clone()
        for place in self._places:
            module = self._module(row)
            module.weight = self._matrix(row, place)
            found[self._own(place)] = self._raw(module).detach().flatten()
        return found

    def effective(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the weights that free numbers stand for, [K, P]."""
        found = rows.clone()
        for lane in range(len(rows)):  # each alone: no bit depends on the neighbors
            for place in self._places:
                found[lane, self._own(place)] = self._standing(rows[lane], place)[1].detach().flatten()
        return found

    def pull_back(self, rows: torch.Tensor, gradient: torch.Tensor) -> None:
        """Turn gradients of the weights, [K, P], into those of the free numbers, in place."""
        for lane in range(len(rows)):
            for place in self._places:
                with torch.enable_grad():
                    raw, weight = self._standing(rows[lane], place)
                    (slope,) = torch.autograd.grad(weight, raw, self._matrix(gradient[lane], place))
                gradient[lane, self._own(place)] = slope.flatten()

    def _standing(self, row: torch.Tensor, place: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a matrix's free numbers, a leaf, and what they stand for."""
        module = self._module(row)
        raw = self._raw(module)
        with torch.no_grad():
            raw.copy_(self._matrix(row, place))
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
        found: torch.Tensor = module.parametrizations.weight.original
        return found

    def _matrix(self, row: torch.Tensor, place: int) -> torch.Tensor:
        return row[self._own(place)].detach().reshape(self._size, self._size).clone()

    def _own(self, place: int) -> slice:
        return slice(place, place + self._size * self._size)
