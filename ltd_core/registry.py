"""Registries of mechanisms: one line an entry, open to other packages through entry points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic_core import core_schema

from ltd_core.mechanism import Mechanism

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

M = TypeVar("M", bound=Mechanism)


class Registry(Mapping[str, type[M]], Generic[M]):
    """The kinds of one family; as an annotation it makes a field accept any of them, told apart by `kind`."""

    def __init__(self, family: str, *entries: type[M], default: type[M] | None = None) -> None:
        self.family = family
        self._default = None if default is None else default.model_fields["kind"].default
        found: list[type[M]] = [point.load() for point in entry_points(group=f"ltd_lab.{family}")]
        self._kinds = {str(entry.model_fields["kind"].default): entry for entry in (*entries, *found)}

    def __getitem__(self, kind: str) -> type[M]:
        """Return the class behind a kind."""
        return self._kinds[kind]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the kinds in the order of registration."""
        return iter(self._kinds)

    def __len__(self) -> int:
        """Return the number of kinds."""
        return len(self._kinds)

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401
        """Return a union of the entries, chosen by `kind`; the default kind where none is named."""
        choices = {kind: handler.generate_schema(entry) for kind, entry in self._kinds.items()}
        return core_schema.tagged_union_schema(choices, discriminator=self.kind_of)

    def kind_of(self, value: object) -> str | None:
        """Return the kind that a value, in JSON or an entry, names; None when it names none and there is no default."""
        if isinstance(value, Mechanism):
            return value.kind
        kind = value.get("kind", self._default) if isinstance(value, dict) else None
        return None if kind is None else str(kind)
