"""The OpenAPI 3.1 document: the paths and, from the very types that validate, the schemas."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app
from pydantic.json_schema import models_json_schema

from api.answers import answer
from api.parameters import PARAMETERS, RESPONSES
from ltd_core.spec import EXPERIMENTS
from services.sweeps import SweepRequest

if TYPE_CHECKING:
    from werkzeug.routing import Rule

blueprint = Blueprint("openapi", __name__)

_BODIES = {"runs.submit": "Specification", "sweeps.post": "SweepRequest"}
_REF = "#/components/schemas/{model}"


@blueprint.get("/openapi.json")
def document() -> Response:
    """Describe this interface."""
    return answer(_document())


@cache
def _schemas() -> dict[str, Any]:
    models = [*EXPERIMENTS.values(), SweepRequest]
    _, schema = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    found: dict[str, Any] = schema["$defs"]
    choices = [{"$ref": _REF.format(model=cls.__name__)} for cls in EXPERIMENTS.values()]
    return found | {"Specification": {"oneOf": choices}, **RESPONSES}


def _document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(current_app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith("/api/v1/") or rule.endpoint in {"healthz", "readyz", "metrics"}:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                paths.setdefault(re.sub(r"<(\w+)>", r"{\1}", rule.rule), {})[method.lower()] = _operation(rule)
    return {
        "openapi": "3.1.1",
        "info": {"title": "LTD Lab", "version": version("ltd-lab"), "description": "A laboratory for long-term dependencies."},
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _operation(rule: Rule) -> dict[str, Any]:
    view = current_app.view_functions[rule.endpoint]
    in_path = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in sorted(rule.arguments)]
    known = PARAMETERS.get(rule.endpoint, {})
    in_query = [{"name": name, "in": "query", "schema": schema} for name, schema in known.items()]
    described: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": (view.__doc__ or rule.endpoint).strip().splitlines()[0],
        "parameters": in_path + in_query,
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": {"type": "object"}}}},
            "default": {
                "description": "What was wrong.",
                "content": {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}},
            },
        },
    }
    if rule.endpoint in _BODIES:
        schema = {"$ref": _REF.format(model=_BODIES[rule.endpoint])}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        described["responses"]["201"] = {"description": "Made.", "content": {"application/json": {"schema": {"type": "object"}}}}
    return described
