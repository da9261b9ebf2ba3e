"""The root of the error tree, and the errors of the core. Every error survives pickling: its state is its arguments."""

from __future__ import annotations

from typing import NamedTuple


class LtdError(Exception):
    """Root of every error that the laboratory raises on purpose."""


class FieldProblem(NamedTuple):
    """One thing wrong with a request: where, what would be right, and the value found."""

    field: str
    message: str
    value: object


class FieldError(LtdError, ValueError):
    """What a validator of several fields raises: the field to blame, by its dotted path, and what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)
        self.field, self.message = field, message

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def require_at_most(field: str, what: str, number: int, most: int) -> None:
    """Raise FieldError for a number that several settings make, when it is too large; blame one of them."""
    if number > most:
        raise FieldError(field, f"{what} must be at most {most:,}, not {number:,}: make one smaller")


class InvalidSpec(LtdError):
    """A specification or a request that cannot be run; names every field that is wrong."""

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(f"{p.field}: {p.message} (got {p.value!r})" for p in self.problems)


class WrongPack(LtdError):
    """A run was loaded into a pack of another shape."""


class CorruptState(LtdError):
    """The bytes of a resumable state are damaged or belong to another shape."""


class ReservedName(LtdError):
    """A class of settings names a field like something that its base computes."""
