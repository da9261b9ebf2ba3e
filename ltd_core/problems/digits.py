"""Sequential digits: real images of handwritten digits, read a few pixels a step."""

from __future__ import annotations

import importlib
import importlib.util
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from ltd_core.errors import FieldError
from ltd_core.fields import Whole
from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, Problem, stored
from ltd_core.randomness import Draws, stream_key

_PIXELS = 64
_LENGTHS = (8, 16, 32, 64)
_TRAINING = 1437
"""The first images are trained on, the last 360 held out; in the data set's order, so by other writers mostly."""
_BRIGHTEST = 16.0


def _length(value: object) -> object:
    if isinstance(value, bool) or value not in _LENGTHS:
        msg = "must be 64 (a pixel a step), 32, 16 or 8 (a row of 8 pixels a step): every image is of one size"
        raise ValueError(msg)
    return value


class Digits(Problem):
    """Images of 8 x 8 pixels, one pixel a step, in [0, 1]; after the last step name the digit, of ten."""

    formula: ClassVar[str] = (
        "1,437 images of scikit-learn's load_digits are trained on, 360 held out; each drawn anew, with replacement; "
        "guessing: ln 10, 90 % error"
    )
    source: ClassVar[str] = (
        "Alpaydin and Kaynak 1998 (UCI, optical recognition of handwritten digits); "
        "as sequences: Le, Jaitly and Hinton 2015"
    )
    output_size: ClassVar[int] = 10

    kind: Literal["digits"] = "digits"
    length: Annotated[Whole, Field(json_schema_extra={"enum": list(_LENGTHS)}), BeforeValidator(_length)] = Field(
        default=64, description="Time steps an image takes: 64 for a pixel a step, down to 8 for a row a step."
    )
    order: Literal["rows", "permuted"] = Field(
        default="rows", description="Pixels row by row, or in one random order that is the same for all images."
    )
    permutation_seed: Annotated[Whole, Field(ge=0, le=2**63 - 1)] = Field(
        default=0, description="Determines the order of permuted pixels."
    )

    @model_validator(mode="after")
    def _can_be_read(self, info: ValidationInfo) -> Self:
        if not stored(info) and importlib.util.find_spec("sklearn") is None:
            raise FieldError(
                "kind", "'digits' needs scikit-learn, which is not installed here: pip install 'ltd-lab[digits]'"
            )
        return self

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Return settings to post, where scikit-learn is missing as well."""
        return cls.model_construct().model_dump(mode="json")

    @property
    def input_size(self) -> int:
        """Return the pixels of a step."""
        return _PIXELS // self.length

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return images to train on, [K, T, B, pixels of a step], and their digits, [K, B]."""
        return self._draw(draws, batch_size, dtype, slice(_TRAINING))

    def draw_fresh(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return images that are held out."""
        return self._draw(draws, batch_size, dtype, slice(_TRAINING, None))

    def _draw(self, draws: Draws, batch_size: int, dtype: torch.dtype, part: slice) -> Batch:
        device = str(draws.words.device)
        images, digits = (values[part] for values in _images(device))
        if self.order == "permuted":
            images = images[:, _permutation(self.permutation_seed, device)]
        chosen = draws.integers(1, len(images), batch_size)
        steps = images[chosen].view(-1, batch_size, self.length, self.input_size).transpose(1, 2)
        return Batch(steps.to(dtype), digits[chosen], draws.words.new_zeros(len(chosen)))


@lru_cache(maxsize=4)
def _images(device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return all images [1797, 64], float64 in [0, 1], row by row, and their digits [1797]."""
    pixels, digits = importlib.import_module("sklearn.datasets").load_digits(return_X_y=True)
    return (torch.from_numpy(pixels) / _BRIGHTEST).to(device), torch.from_numpy(digits).long().to(device)


@lru_cache(maxsize=16)
def _permutation(seed: int, device: str) -> torch.Tensor:
    """Return the pixel that each step shows, [64]."""
    order = Draws.of([stream_key(seed, "digits")], [0]).bits(0, _PIXELS)[0].argsort(stable=True)
    return order.to(device)
