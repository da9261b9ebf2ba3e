"""Declares an endpoint once: its route, query, bodies and headers; routing, checks and OpenAPI follow from it.

@Endpoint(blueprint, "GET /sweeps", query=page(200), answers={200: Sweeps})
def many() -> Response: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Blueprint, current_app, request
from pydantic import BaseModel

JSON = "application/json"
Schema = dict[str, Any]
View = TypeVar("View", bound="Callable[..., Any]")
_DECLARED: dict[Callable[..., Any], Endpoint] = {}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A decorator that routes requests to a view, and keeps what they may hold and what is answered."""

    blueprint: Blueprint
    route: str
    """Method and path, such as "GET /runs/<run_id>"."""
    answers: Mapping[int, type[BaseModel] | str]
    """By status: a type, or the media type of what has none."""
    also: tuple[str, ...] = ()
    """Media types in which it answers, by Accept, beside JSON."""
    query: Mapping[str, Schema] = field(default_factory=dict)
    """A JSON Schema for each parameter of the query."""
    required: tuple[str, ...] = ()
    """Parameters of the query that must be given."""
    body: type[BaseModel] | None = None
    """What is sent; None where nothing is, or no JSON."""
    media: str = JSON
    """Media type of what is sent."""
    headers: tuple[Schema, ...] = ()
    """Headers that are read, as OpenAPI parameters."""

    def __call__(self, view: View) -> View:
        """Declare a view."""
        method, path = self.route.split()
        self.blueprint.add_url_rule(path, view_func=view, methods=[method])
        _DECLARED[view] = self
        return view


def declared(name: str | None = None) -> Endpoint | None:
    """Return what is declared of an endpoint, by Flask's name for it, by default of the one that is requested."""
    view = current_app.view_functions.get(name or request.endpoint or "")
    return _DECLARED.get(view) if view else None
