"""The description of every registry entry, for the API, the client and the reference pages."""

from __future__ import annotations

from typing import Any

from ltd_core.cells import CELLS
from ltd_core.clipping import CLIPPINGS
from ltd_core.experiments import EXPERIMENTS
from ltd_core.experiments.training import Evaluation
from ltd_core.initializations import INITIALIZATIONS
from ltd_core.mechanism import Mechanism
from ltd_core.metrics import METRICS
from ltd_core.optimizers import OPTIMIZERS
from ltd_core.probes import PROBES
from ltd_core.probes.observation import Observation
from ltd_core.problems import PROBLEMS
from ltd_core.regularizers import REGULARIZERS
from ltd_core.schedules import SCHEDULES
from ltd_core.time_scales import TIME_SCALES

FAMILIES: dict[str, dict[str, type[Mechanism]]] = {
    "problem": dict(PROBLEMS),
    "cell": dict(CELLS),
    "initialization": dict(INITIALIZATIONS),
    "regularizer": dict(REGULARIZERS),
    "clipping": dict(CLIPPINGS),
    "optimizer": dict(OPTIMIZERS),
    "evaluation": {"fresh": Evaluation},
    "observation": {"fresh": Observation},
}
"""What a training run names, by field."""
INNER: dict[str, dict[str, type[Mechanism]]] = {
    "time_scale": dict(TIME_SCALES),
    "schedule": dict(SCHEDULES),
}
"""What cells and optimizers name."""


def describe() -> dict[str, list[dict[str, Any]]]:
    """Return what can be named in a specification, what is traced, and what can be compared."""
    described = {
        family: [_mechanism(kind, cls) for kind, cls in entries.items()]
        for family, entries in (FAMILIES | INNER).items()
    }
    described["experiment"] = [
        {
            "kind": name,
            "summary": cls.summary,
            "formula": cls.formula,
            "source": cls.source,
            "settings": cls.model_json_schema(),
            "example": cls.example(),
        }
        for name, cls in EXPERIMENTS.items()
    ]
    described["probe"] = [
        {
            "kind": p.name,
            "summary": p.description,
            "unit": p.unit,
            "axes": list(p.axes),
            "every": p.every,
            "cost": p.cost,
        }
        for p in PROBES.values()
    ]
    described["metric"] = [
        {"kind": m.name, "summary": m.description, "unit": m.unit, "better": m.better} for m in METRICS.values()
    ]
    return described


def _mechanism(kind: str, cls: type[Mechanism]) -> dict[str, Any]:
    return {
        "kind": kind,
        "summary": (cls.__doc__ or "").strip().splitlines()[0],
        "formula": cls.formula,
        "source": cls.source,
        "settings": cls.model_json_schema(),
        "example": cls.example(),
    }
