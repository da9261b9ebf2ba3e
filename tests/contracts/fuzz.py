"""Random specifications, drawn from the JSON Schema of every registry's entries, and what each must leave when run."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ltd_core.cells import CELLS
from ltd_core.clipping import CLIPPINGS
from ltd_core.engine import pack_for
from ltd_core.errors import LtdError
from ltd_core.experiments import EXPERIMENTS
from ltd_core.experiments.training import Training
from ltd_core.initializations import INITIALIZATIONS
from ltd_core.optimizers import OPTIMIZERS
from ltd_core.problems import PROBLEMS
from ltd_core.registry import Registry
from ltd_core.regularizers import REGULARIZERS
from ltd_core.schedules import SCHEDULES
from ltd_core.spec import RunSpec, parse_spec
from ltd_core.time_scales import TIME_SCALES

FAMILIES: dict[str, Registry[Any]] = {
    "problem": PROBLEMS,
    "cell": CELLS,
    "initialization": INITIALIZATIONS,
    "regularizer": REGULARIZERS,
    "clipping": CLIPPINGS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "time_scale": TIME_SCALES,
}
EXTREME = (0.0, 5e-324, 1e-310, 1e-300, 1e-45, 1e-38, 1e-30, 1e-8, 0.3, 0.5, 1.0, 3.0, 1e8, 1e30, 1e38, 1e300, 1e308)
SIZES = (1, 2, 3, 4, 6)
SMALL: dict[str, tuple[Any, ...]] = {
    "length": (1, 2, 3, 10, 11, 25),
    "hidden_size": (1, 2, 3, 4, 6),
    "layers": (1, 1, 2, 3),
    "batch_size": (1, 2, 5),
    "updates": (1, 2, 3, 200),
    "delays": ([1], [1], [1, 3], [2], [1, 24], [9]),
    "state_periods": ([], [], [1, 2], [1, 7]),
    "update_periods": ([], [], [1, 2], [3]),
    "samples": (1, 2, 10),
    "examples": (1, 4, 12),
    "batch_sizes": ([1], [1, 2, 4]),
    "after": ([0], [0, 2]),
    "permutations": (1, 2),
    "depth": (1, 3, 50),
    "width": (1, 2, 5),
    "points": (2, 3, 12),
    "descent_steps": (1, 5),
    "chains": (2, 10),
    "most_steps": (1, 100),
    "matrix": ([],),
    "start": ([],),
    "eigenvector": (0, 1),
    "minibatches": (1, 2),
    "copies": (1, 2),
    "seed": tuple(range(50)),
}
"""Of these settings values that a test has time for; all others are drawn from their schema."""


def drawn(rng: random.Random) -> dict[str, Any]:
    """Return a specification that may be refused."""
    name = "training" if rng.random() < 0.75 else rng.choice(list(EXPERIMENTS))
    made = _model(EXPERIMENTS[name], rng) | {"experiment": name}
    if name == "training":
        made |= {"updates": rng.choice((1, 2, 3)), "dtype": rng.choice(("float32", "float64"))}
        made |= {"evaluation": {"every": rng.choice((0, 2)), "sequences": 3}}
        made |= {"observation": {"every": rng.choice((0, 0, 2)), "sequences": 2, "clipping": rng.random() < 0.5}}
    return made


def _model(kind: Any, rng: random.Random) -> dict[str, Any]:
    """Return settings of an entry: each field its default, or a value of its schema."""
    schema = kind.model_json_schema()
    made: dict[str, Any] = {}
    for name, field in schema["properties"].items():
        needed = name in schema.get("required", ())
        if name in FAMILIES:
            if needed or rng.random() < 0.6:
                entry = rng.choice(list(FAMILIES[name]))
                made[name] = _model(FAMILIES[name][entry], rng) | {"kind": entry}
        elif name in SMALL:
            made[name] = rng.choice(SMALL[name])
        elif name not in {"kind", "experiment"} and (needed or rng.random() < 0.3):
            made[name] = _value(field, rng, schema.get("$defs", {}))
    return made


def _value(field: dict[str, Any], rng: random.Random, known: dict[str, Any]) -> Any:
    """Return a value of a JSON Schema."""
    if "$ref" in field:
        field = known[field["$ref"].rsplit("/", 1)[1]]
    for choice in ("anyOf", "oneOf"):
        if choice in field:
            return _value(rng.choice(field[choice]), rng, known)
    kind = field.get("type")
    if "enum" in field or "const" in field or kind == "boolean":
        return rng.choice(field.get("enum", [field["const"]] if "const" in field else [False, True]))
    if kind == "object":
        return {name: _value(inner, rng, known) for name, inner in field.get("properties", {}).items()}
    if kind == "array":
        if "prefixItems" in field:
            return sorted(_value(inner, rng, known) for inner in field["prefixItems"])
        count = max(field.get("minItems", 0), rng.choice((0, 1, 2)))
        return [_value(field.get("items", {"type": "number"}), rng, known) for _ in range(count)]
    return _number(field, rng)


def _number(field: dict[str, Any], rng: random.Random) -> float:
    """Return one of the numbers at or near the ends of its range, or inside it."""
    low, high = field.get("minimum", field.get("exclusiveMinimum")), field.get("maximum", field.get("exclusiveMaximum"))
    if field.get("type") == "integer":
        return (low or 0) + rng.choice(SIZES)
    ends = [end for end in (low, high) if end is not None]
    signed = rng.choice(EXTREME) * (1 if low is not None else rng.choice((1, -1)))
    inside = [value for value in (signed, rng.choice(EXTREME), rng.random()) if _within(value, low, high)]
    return float(rng.choice([*ends, *inside, rng.random()]))


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def accepted(rng: random.Random) -> RunSpec | None:
    """Return a specification, or None where it is refused by the laboratory's own error."""
    try:
        return parse_spec(drawn(rng))
    except LtdError:
        return None


def run(spec: RunSpec, beside: RunSpec | None = None) -> tuple[dict[str, Any], str]:
    """Return all traces of a run, whole, and its outcome; trained alone or beside another in a pack."""
    pack = pack_for(spec, 2 if beside else 1)
    place = 1 if beside else 0
    if beside:
        pack.load(0, beside)
    pack.load(place, spec)
    parts: dict[str, list[Any]] = {}
    while progress := pack.advance():
        for block in progress[place].blocks if place in progress else ():
            parts.setdefault(block.name, []).append(block.values)
        outcome = progress[place].outcome if place in progress else None
        if outcome:
            return {name: np.concatenate(values) for name, values in parts.items()}, outcome.kind
    raise AssertionError("a run has ended without an outcome")


def faults(spec: RunSpec, traces: dict[str, Any], outcome: str) -> list[str]:
    """Return what cannot be true of the traces of a run that was trained."""
    if not isinstance(spec, Training):
        return [] if outcome == "exhausted" else [outcome]
    found, last = [], 1 if outcome == "diverged" else 0  # its last point is the one that is not finite
    plain = ("loss", "gradient_norm", "clipped_gradient_norm", "clipped_share", "error_rate", "omega", "descent")
    for name in (*plain, "omega_gradient_norm"):
        values = traces.get(name, np.zeros(1))
        if not np.isfinite(values[: len(values) - last]).all():
            found.append(f"{name} is {values.tolist()}")
    for name in ("clipped_share", "error_rate"):
        values = traces[name][: len(traces[name]) - last]
        if ((values < 0) | (values > 1)).any():
            found.append(f"{name} is {values.tolist()}")
    threshold = getattr(spec.clipping, "threshold", None)
    clipped = traces["clipped_gradient_norm"][: len(traces["clipped_gradient_norm"]) - last]
    if spec.clipping.kind in {"norm", "random"} and isinstance(threshold, float):
        limit = max(threshold * (1 + 1e-5), np.finfo(spec.dtype).tiny)
        if (clipped > limit).any():
            found.append(f"clipped norms {clipped.tolist()} above {threshold}")
    ways = traces["delta_log_norm"]
    if np.isposinf(ways[: len(ways) - last]).any():
        found.append("an infinite delta")
    return found
