"""Character language modeling: predict the next character of a real text, at every step."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, ValidationInfo, model_validator

from ltd_core.errors import FieldError
from ltd_core.fields import Count, Positive, Whole
from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, Problem, TwoSteps, stored
from ltd_core.problems.texts import PYDOC, text_of
from ltd_core.randomness import Draws, one_hot

BLOCK = 1000
"""Characters that are repeated together."""
_HELD_OUT = 10
"""The last 1/n of the characters is held out; this is n."""


class Characters(Problem):
    """Stretches of a text, character by character; after each step name the next character."""

    formula: ClassVar[str] = (
        "one-hot of the N most frequent characters and of 'any other'; loss in nats a character; "
        "the text's last tenth is held out; a constant answer has the entropy of single characters at best"
    )
    source: ClassVar[str] = (
        "Sutskever, Martens and Hinton 2011; amount and redundancy: Pascanu, Mikolov and Bengio 2013, on where "
        "regularizing falls short"
    )

    kind: Literal["characters"] = "characters"
    length: TwoSteps = Field(default=100, description="Characters of a stretch, and answers.")
    text: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        default=PYDOC, description="'pydoc' for the help topics of Python, or a name that the operator has registered."
    )
    alphabet: Annotated[Whole, Field(ge=1, le=255)] = Field(
        default=50, description="N, the most frequent characters that are told apart; all others are one more."
    )
    amount: Positive = Field(
        default=1.0,
        description="Training text, from its beginning: up to 1 a share of it, above 1 a number of characters.",
    )
    redundancy: Count = Field(
        default=1,
        description="Of so many blocks of 1,000 characters, the first stands in the place of all: "
        "the amount is the same, of which so many times less is distinct.",
    )

    @model_validator(mode="after")
    def _can_be_drawn(self, info: ValidationInfo) -> Self:
        """Refuse an unknown text, and sizes that do not fit it."""
        if stored(info):
            return self
        whole, held_out = _sizes(text_of(self.text))
        used, most = self._used(whole), -(-self._used(whole) // BLOCK)
        if self.amount > 1 and (used > whole or used != self.amount):
            field = "amount"
            message = f"above 1 it must be a whole number of at most {whole:,} characters, not {self.amount}"
        elif self.length >= min(used, held_out):
            field = "length"
            message = f"must be below {min(used, held_out):,}, the characters that are trained on or held out"
        elif self.redundancy > most:
            field = "redundancy"
            message = f"must be at most {most}, the blocks of {BLOCK:,} characters in the amount"
        else:
            return self
        raise FieldError(field, message)

    @property
    def input_size(self) -> int:
        """Return the kinds of characters."""
        return self.alphabet + 1

    @property
    def output_size(self) -> int:
        """Return the kinds of characters."""
        return self.alphabet + 1

    @property
    def answers(self) -> int:
        """Return the number of steps: all are answered."""
        return self.length

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return stretches of the training text, one-hot, and the characters that follow each step, [K, T, B]."""
        text, device = text_of(self.text), str(draws.words.device)
        kinds = _training(text, self.alphabet, self._used(_sizes(text)[0]), self.redundancy, device)
        return self._stretches(kinds, draws, batch_size, dtype)

    def draw_fresh(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return stretches of the text that is held out."""
        kinds = _held_out(text_of(self.text), self.alphabet, str(draws.words.device))
        return self._stretches(kinds, draws, batch_size, dtype)

    def _stretches(self, kinds: torch.Tensor, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        first = draws.integers(1, len(kinds) - self.length, batch_size)
        steps = torch.arange(self.length + 1, device=kinds.device).view(1, -1, 1)
        symbols = kinds[first.unsqueeze(1) + steps].long()  # [K, T + 1, B]
        inputs = one_hot(symbols[:, :-1], self.input_size, dtype)
        return Batch(inputs, symbols[:, 1:], draws.words.new_zeros(len(symbols)))

    def _used(self, whole: int) -> int:
        """Return the number of characters that are trained on, of a whole."""
        return int(self.amount if self.amount > 1 else max(1.0, self.amount * whole))


@lru_cache(maxsize=8)
def _kinds(text: str, alphabet: int) -> torch.Tensor:
    """Return each character's kind, the most frequent first; frequencies are those of the whole training text."""
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    counts = np.bincount(points[: len(points) - len(points) // _HELD_OUT], minlength=sys.maxunicode + 1)
    kinds = np.full(len(counts), alphabet, dtype=np.uint8)
    kinds[np.argsort(-counts, kind="stable")[:alphabet]] = np.arange(alphabet)  # of two as frequent, the lower code
    return torch.from_numpy(kinds[points])


@lru_cache(maxsize=8)
def _training(text: str, alphabet: int, used: int, redundancy: int, device: str) -> torch.Tensor:
    """Return the kinds of the characters to train on, [used]: the first of so many blocks in the place of all."""
    places = torch.arange(used)
    blocks = places // BLOCK
    places = (blocks - blocks % redundancy) * BLOCK + places % BLOCK
    return _kinds(text, alphabet)[places].to(device)


@lru_cache(maxsize=8)
def _held_out(text: str, alphabet: int, device: str) -> torch.Tensor:
    """Return the kinds of the characters held out."""
    return _kinds(text, alphabet)[_sizes(text)[0] :].to(device)


def _sizes(text: str) -> tuple[int, int]:
    """Return the number of characters to train on and of those held out."""
    return len(text) - len(text) // _HELD_OUT, len(text) // _HELD_OUT
