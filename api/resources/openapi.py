"""The OpenAPI 3.1 document: the paths and, from the very types that validate, the schemas."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app
from pydantic.json_schema import models_json_schema

from api.bodies import imports, maintenance, schemas
from api.bodies.answers import answer
from api.bodies.arrow import ARROW, NPY
from api.http.query import PARAMETERS, REQUIRED
from api.resources.maintenance import Keep
from ltd_core.spec import EXPERIMENTS
from services.sweeps.posted import SweepRequest

if TYPE_CHECKING:
    from pydantic import BaseModel
    from werkzeug.routing import Rule

blueprint = Blueprint("openapi", __name__)

JSON = dict[str, Any]
_REF = "#/components/schemas/{model}"
_REQUESTS = {"runs.submit": "Specification", "sweeps.post": "SweepRequest", "store.keep": "Keep"}
_REPEATED = ("runs.submit", "sweeps.post")
_RETRY = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255}}
_RESUME = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}}

ANSWERS: dict[str, dict[int, type[BaseModel] | str]] = {
    "runs.submit": {201: schemas.SubmittedRun, 200: schemas.SubmittedRun},
    "runs.many": {200: schemas.Runs},
    "runs.one": {200: schemas.Run},
    "runs.cancel": {202: schemas.Run},
    "traces.catalog": {200: schemas.Traces},
    "traces.one": {200: schemas.Trace},
    "traces.many": {200: imports.ManyTraces},
    "events.events": {200: "text/event-stream"},
    "imports.post": {201: imports.Import, 200: imports.Import},
    "sweeps.post": {201: schemas.PostedSweep, 200: schemas.PostedSweep},
    "sweeps.many": {200: schemas.Sweeps},
    "sweeps.one": {200: schemas.Sweep},
    "sweeps.cancel": {202: schemas.Sweep},
    "comparison.compare": {200: schemas.Comparison},
    "comparison.pairs": {200: schemas.Pairs},
    "mechanisms.mechanisms": {200: "application/json"},
    "workers.workers": {200: schemas.Workers},
    "store.usage": {200: maintenance.Store},
    "store.keep": {200: maintenance.Policies},
    "store.care": {200: maintenance.CareSlice},
    "openapi.document": {200: "application/json"},
    "health.healthz": {200: schemas.Health},
    "health.readyz": {200: schemas.Health, 503: schemas.Health},
    "health.metrics": {200: "text/plain"},
}
"""What an endpoint answers, by status: a type, or the media type of what has none."""
_ALSO = {"traces.one": (ARROW, NPY), "traces.many": (ARROW,)}
"""Media types in which an endpoint answers, by Accept, beside JSON."""
_SAID = {200: "Done.", 201: "Made.", 202: "Accepted.", 503: "Not ready."}


@blueprint.get("/openapi.json")
def document() -> Response:
    """Describe this interface."""
    return answer(_document())


@cache
def _schemas() -> JSON:
    models: list[type[BaseModel]] = [*EXPERIMENTS.values(), SweepRequest, Keep]
    bodies = {body for answers in ANSWERS.values() for body in answers.values() if not isinstance(body, str)}
    described: list[type[BaseModel]] = [schemas.Problem, *sorted(bodies, key=lambda body: body.__name__)]
    _, asked = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    _, given = models_json_schema([(model, "serialization") for model in described], ref_template=_REF)
    choices = [_ref(cls.__name__) for cls in EXPERIMENTS.values()]
    return {"Specification": {"oneOf": choices}, **asked["$defs"], **given["$defs"]}


def _document() -> JSON:
    paths: dict[str, JSON] = {}
    for rule in sorted(current_app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint in ANSWERS:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                paths.setdefault(re.sub(r"<(\w+)>", r"{\1}", rule.rule), {})[method.lower()] = _operation(rule)
    title = "A laboratory for long-term dependencies in recurrent networks."
    return {
        "openapi": "3.1.1",
        "info": {"title": "LTD Lab", "version": version("ltd-lab"), "description": title},
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }


def _operation(rule: Rule) -> JSON:
    view = current_app.view_functions[rule.endpoint]
    answers = {str(status): _answer(_SAID[status], body) for status, body in ANSWERS[rule.endpoint].items()}
    for media in _ALSO.get(rule.endpoint, ()):
        answers["200"]["content"][media] = {}
    described: JSON = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": (view.__doc__ or rule.endpoint).strip().splitlines()[0],
        "parameters": _parameters(rule),
        "responses": answers | {"default": _answer("What was wrong.", schemas.Problem, "application/problem+json")},
    }
    if rule.endpoint == "imports.post":
        described["requestBody"] = {"required": True, "content": {ARROW: {}}}
    if rule.endpoint in _REQUESTS:
        content = {"application/json": {"schema": _ref(_REQUESTS[rule.endpoint])}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(rule: Rule) -> list[JSON]:
    text = {"type": "string"}
    in_path = [{"name": name, "in": "path", "required": True, "schema": text} for name in sorted(rule.arguments)]
    known = PARAMETERS.get(rule.endpoint, {})
    needed = REQUIRED.get(rule.endpoint, ())
    in_query = [
        {"name": name, "in": "query", "required": name in needed, "schema": schema} for name, schema in known.items()
    ]
    in_header = [_RETRY] if rule.endpoint in _REPEATED else [_RESUME] if rule.endpoint == "events.events" else []
    return in_path + in_query + in_header


def _answer(said: str, body: type[BaseModel] | str, media: str = "application/json") -> JSON:
    if isinstance(body, str):
        return {"description": said, "content": {body: {}}}
    return {"description": said, "content": {media: {"schema": _ref(body.__name__)}}}


def _ref(name: str) -> JSON:
    return {"$ref": _REF.format(model=name)}
