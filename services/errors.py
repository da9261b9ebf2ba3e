"""Errors of the services."""

from __future__ import annotations

from ltd_core.errors import LtdError


class StoreError(LtdError):
    """The database refused a transaction; nothing of it is stored."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or is locked; try again."""


class NotMigrated(StoreUnavailable):
    """The database lacks tables or columns of this release."""


class StoreFull(StoreError):
    """The database has no room left."""


class StoreReadOnly(StoreError):
    """The database cannot be written."""


class SchemaUnknown(LtdError):
    """The database's schema, or the one that was asked for, is of another release."""


class NotFound(LtdError):
    """Nothing of this kind has this name."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(kind, name)
        self.kind, self.name = kind, name

    def __str__(self) -> str:
        return f"there is no {self.kind} {self.name!r}"


class Conflict(LtdError):
    """What is asked for does not go with how things stand; says what has to come first."""


class BadCursor(LtdError):
    """A cursor that this service did not hand out."""


class IdempotencyConflict(LtdError):
    """An Idempotency-Key was used before with another body."""


class TraceConflict(LtdError):
    """A trace block is stored already with other bytes: two writers disagree, which must not be hidden."""


class TraceCorrupt(LtdError):
    """A stored trace block no longer matches its checksum."""


class BadQuestion(LtdError):
    """A parameter of a query has no meaning: names it, its value, and what it may be."""

    def __init__(self, field: str, message: str, value: object) -> None:
        super().__init__(field, message, value)
        self.field, self.message, self.value = field, message, value

    def __str__(self) -> str:
        return f"{self.field}: {self.message} (got {self.value!r})"
