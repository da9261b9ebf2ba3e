"""Registries: one line an entry, open to other packages through entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from ltd_core.mechanism import Mechanism

T = TypeVar("T")
M = TypeVar("M", bound=Mechanism)


class Entries(Mapping[str, type[T]], Generic[T]):
    """The classes of one family by name: ours, then those that other packages name in the group `ltd_lab.<family>`.

    These are loaded at the first look, since their modules import ours.
    """

    def __init__(self, family: str, *entries: type[T], name: Callable[[type[T]], str]) -> None:
        self.family, self._ours, self._name = family, entries, name

    @cached_property
    def _entries(self) -> dict[str, type[T]]:
        others: list[type[T]] = [point.load() for point in entry_points(group=f"ltd_lab.{self.family}")]
        return {self._name(entry): entry for entry in (*self._ours, *others)}

    def __getitem__(self, name: str) -> type[T]:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Registry(Entries[M]):
    """The kinds of one family; as an annotation it makes a field accept any of them, told apart by `kind`."""

    def __init__(self, family: str, *entries: type[M], default: type[M] | None = None) -> None:
        super().__init__(family, *entries, name=lambda entry: str(entry.model_fields["kind"].default))
        self._default = None if default is None else default.model_fields["kind"].default

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Return a union of the entries, chosen by `kind`; the default kind where none is named."""
        choices = {kind: handler.generate_schema(entry) for kind, entry in self.items()}
        return core_schema.tagged_union_schema(choices, discriminator=self.kind_of)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the union's schema, which says that `kind` decides."""
        union = handler(schema)
        refs = [choice["$ref"] for choice in union["oneOf"]]
        union["discriminator"] = {"propertyName": "kind", "mapping": dict(zip(self, refs, strict=True))}
        return union

    def kind_of(self, value: object) -> str | None:
        """Return the kind that a value, in JSON or an entry, names; None when it names none and there is no default."""
        if isinstance(value, Mechanism):
            return value.kind
        kind = value.get("kind", self._default) if isinstance(value, dict) else None
        return None if kind is None else str(kind)
