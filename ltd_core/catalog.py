"""The description of every registry entry, for the API, the client and the reference pages."""

from __future__ import annotations

from typing import Any

from ltd_core.cells import CELLS
from ltd_core.clipping import CLIPPINGS
from ltd_core.experiments import EXPERIMENTS, RunSpec
from ltd_core.experiments.training import Evaluation
from ltd_core.initializations import INITIALIZATIONS
from ltd_core.mechanism import Mechanism
from ltd_core.metrics import METRICS, Metric
from ltd_core.optimizers import OPTIMIZERS
from ltd_core.probes import PROBES, Probe
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
INNER: dict[str, dict[str, type[Mechanism]]] = {"time_scale": dict(TIME_SCALES), "schedule": dict(SCHEDULES)}
"""What cells and optimizers name."""


def describe() -> dict[str, list[dict[str, Any]]]:
    """Return what can be named in a specification, what is traced, and what can be compared."""
    described = {
        family: [_settings(kind, (cls.__doc__ or "").strip().splitlines()[0], cls) for kind, cls in entries.items()]
        for family, entries in (FAMILIES | INNER).items()
    }
    described["experiment"] = [_settings(name, cls.summary, cls) for name, cls in EXPERIMENTS.items()]
    described["probe"] = [_measure(p, "unit", "every", "cost") | {"axes": list(p.axes)} for p in PROBES.values()]
    described["metric"] = [_measure(m, "unit", "better", "yes_or_no") for m in METRICS.values()]
    return described


def _settings(kind: str, summary: str, cls: type[Mechanism | RunSpec]) -> dict[str, Any]:
    return {
        "kind": kind,
        "summary": summary,
        "formula": cls.formula,
        "source": cls.source,
        "settings": cls.model_json_schema(),
        "example": cls.example(),
    }


def _measure(one: type[Probe] | Metric, *more: str) -> dict[str, Any]:
    return {"kind": one.name, "summary": one.description} | {name: getattr(one, name) for name in more}
