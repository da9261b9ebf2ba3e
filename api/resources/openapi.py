"""The OpenAPI 3.1 document: from the declarations of the endpoints and the very types that validate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from api.bodies.answers import answer
from api.bodies.server import Problem
from api.http.endpoint import JSON, Endpoint, declared
from api.http.problem import MEDIA_TYPE
from ltd_core.spec import EXPERIMENTS, RunSpec
from services.sweeps.request import SweepRequest

blueprint = Blueprint("openapi", __name__)

Document = dict[str, Any]
_REF = "#/components/schemas/{model}"
_IN_PATH = {
    "run_id": "Id of a run.",
    "sweep_id": "Id of a sweep.",
    "name": "Name of a trace; see the run's traces.",
    "care": "verify, repair, compact or thin.",
}
_TRAINING = {
    "experiment": "training",
    "problem": {"kind": "temporal_order", "length": 20},
    "cell": {"kind": "rnn", "hidden_size": 20},
    "clipping": {"kind": "norm", "threshold": 1.0},
    "updates": 1000,
}
_EXAMPLES: dict[type[BaseModel], Document] = {
    RunSpec: _TRAINING,
    SweepRequest: {
        "name": "thresholds and batch sizes",
        "base": _TRAINING,
        "axes": {"clipping.threshold": [0.1, 1.0, 10.0], "batch_size": [5, 20]},
        "seeds": [0, 1, 2],
    },
}
"""Of what is sent."""
_MEANING = {200: "Done.", 201: "Made.", 202: "Accepted.", 503: "Not ready."}


@Endpoint(blueprint, "GET /openapi.json", answers={200: JSON})
def document() -> Response:
    """Describe this interface."""
    made = current_app.extensions  # once an application: it takes a tenth of a second
    if "openapi" not in made:
        made["openapi"] = _document(current_app)
    return answer(made["openapi"])


def _document(app: Flask) -> Document:
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    endpoints = [(rule, endpoint) for rule in rules if (endpoint := declared(rule.endpoint))]
    paths: dict[str, Document] = {}
    for rule, endpoint in endpoints:
        method = endpoint.route.partition(" ")[0].lower()
        paths.setdefault(re.sub(r"<(\w+)>", r"{\1}", rule.rule), {})[method] = _operation(rule, endpoint)
    title = "A laboratory for long-term dependencies in recurrent networks."
    return {
        "openapi": "3.1.1",
        "info": {"title": "LTD Lab", "version": version("ltd-lab"), "description": title},
        "paths": paths,
        "components": {
            "schemas": _schemas([endpoint for _, endpoint in endpoints]),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _schemas(endpoints: list[Endpoint]) -> Document:
    sent = {endpoint.body for endpoint in endpoints if endpoint.body} - {RunSpec}
    answered = {body for endpoint in endpoints for body in endpoint.answers.values() if not isinstance(body, str)}
    _, asked = models_json_schema(
        [(model, "validation") for model in (*EXPERIMENTS.values(), *_sorted(sent))], ref_template=_REF
    )
    _, given = models_json_schema(
        [(model, "serialization") for model in _sorted({*answered, Problem})], ref_template=_REF
    )
    choices = [_ref(cls) for cls in EXPERIMENTS.values()]
    return {"Specification": {"oneOf": choices}, **_told(asked["$defs"]), **given["$defs"]}


def _told(schema: Any) -> Any:
    """Return a schema whose default objects are told in words: generators of clients drop a schema that has one."""
    if isinstance(schema, list):
        return [_told(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _told(inner) for name, inner in schema.items()}
    if isinstance(schema.get("default"), dict) and ("$ref" in schema or "oneOf" in schema):
        default = json.dumps(told.pop("default"))
        told["description"] = f"{schema.get('description', '')} By default {default}.".strip()
    return told


def _sorted(models: set[type[BaseModel]]) -> list[type[BaseModel]]:
    return sorted(models, key=lambda model: model.__name__)


def _operation(rule: Rule, endpoint: Endpoint) -> Document:
    refused = {str(status): _answer(meaning, Problem, MEDIA_TYPE) for status, meaning in _refusals(rule, endpoint)}
    answers = refused | {str(status): _answer(_MEANING[status], body) for status, body in endpoint.answers.items()}
    for media in endpoint.also:
        answers["200"]["content"][media] = {}
    described: Document = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": (current_app.view_functions[rule.endpoint].__doc__ or rule.endpoint).strip().splitlines()[0],
        "parameters": _parameters(rule, endpoint),
        "responses": answers | {"default": _answer("What was wrong.", Problem, MEDIA_TYPE)},
    }
    if endpoint.body or endpoint.media != JSON:
        content = {"schema": _ref(endpoint.body) if endpoint.body else {"type": "string", "format": "binary"}}
        if endpoint.body in _EXAMPLES:
            content["example"] = _EXAMPLES[endpoint.body]
        described["requestBody"] = {"required": True, "content": {endpoint.media: content}}
    return described


def _refusals(rule: Rule, endpoint: Endpoint) -> Iterator[tuple[int, str]]:
    """Yield the statuses with which a request may be refused."""
    if rule.rule.startswith("/api/v1/"):
        yield 400, "The request or a parameter of its query is wrong."
        yield 401, "The token is missing or wrong."
        yield 403, "The request comes from another site, or from another machine where there is no token."
        yield 421, "The server does not answer to this name."
    if rule.arguments:
        yield 404, "There is none of this id or name."
    if not endpoint.route.startswith("GET "):
        yield 413, "The body is too large."
        yield 415, "The body is of another media type."
    if endpoint.body or endpoint.media != JSON:
        yield 422, "A field of the body is wrong."


def _parameters(rule: Rule, endpoint: Endpoint) -> list[Document]:
    in_path = [
        {"name": name, "in": "path", "required": True, "description": _IN_PATH[name], "schema": {"type": "string"}}
        for name in sorted(rule.arguments)
    ]
    in_query = [
        {"name": name, "in": "query", "required": name in endpoint.required, "schema": schema}
        for name, schema in endpoint.query.items()
    ]
    return in_path + in_query + list(endpoint.headers)


def _answer(meaning: str, body: type[BaseModel] | str, media: str = JSON) -> Document:
    if isinstance(body, str):
        return {"description": meaning, "content": {body: {}}}
    return {"description": meaning, "content": {media: {"schema": _ref(body)}}}


def _ref(model: type[BaseModel]) -> Document:
    return {"$ref": _REF.format(model="Specification" if model is RunSpec else model.__name__)}
