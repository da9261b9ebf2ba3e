"""The figures of docs/: pictures of the examples and sweeps that the pages name, run and drawn by the services."""

from __future__ import annotations

import json
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from docs.generator.picture import draw, started_browser
from docs.generator.sweeps import finished
from services.comparison.table import compare
from services.pictures.cells import groups
from services.pictures.overlay import overlay
from services.pictures.reading import pictures

EXAMPLES = Path(__file__).parents[1] / "examples"


class Figure(NamedTuple):
    """A picture of an example, or of some cells of a sweep."""

    image: str
    source: str
    """Below docs/examples, without ending."""
    picture: str
    cells: str = ""
    changes: dict[str, Any] | None = None


FIGURES = (
    Figure("linear-recurrence", "m01_linear_recurrence", "state"),
    Figure("linear-gradient", "sweeps/m02_forms", "gradient"),
    Figure("nonlinearity", "sweeps/m03_nonlinearities", "states", "0,0;1,0;1,1;2,0"),
    Figure("depth", "m04_weight_product", "sizes"),
    Figure("depth-chosen", "m04_weight_product", "sizes", changes={"choose": "depth"}),
    Figure("composition", "m05_composition", "curves"),
    Figure("how-often", "m06_gradient_census", "rates"),
    Figure("loss-cliff", "m06_loss_cliff", "cliff"),
    Figure("skip-connections", "sweeps/m07_delays", "memory_curve", "0,1;1,0;2,0;1,1"),
    Figure("removed-connections", "sweeps/m08_delays", "memory_curve"),
    Figure("leaky-units", "sweeps/m09_alphas", "memory_curve"),
    Figure("leaky-against-skip", "sweeps/m10_leaks_and_delays", "memory_curve", "1,0;2,0;3,0;0,1;0,2;0,3"),
    Figure("time-constants", "m11_learned_time_constants", "time_constant"),
    Figure("groups", "sweeps/m12_groups", "memory_curve"),
    Figure("value-clipping", "m13_value_clipping", "clipping"),
    Figure("norm-clipping", "m14_norm_clipping", "clipping"),
    Figure("random-step", "m15_random_step", "clipping"),
    Figure("growing-curvature", "m14_growing_curvature", "fewest"),
    Figure("escape", "m15_escape", "escaped"),
    Figure("stationary-point", "m17_stationary_point", "rest"),
    Figure("rules", "sweeps/m16_rules", "error", "0,0;1,0;2,0;3,0"),
    Figure("clipping-bias", "m17_clipping_bias", "bias_norm_after_1000"),
    Figure("clipping-direction", "m17_clipping_bias", "bias_cosine_after_1000"),
    Figure("gates", "sweeps/m18_cells", "memory_curve"),
    Figure("omega", "sweeps/m19_omega", "error"),
    Figure("language", "sweeps/m20_redundancy", "learning"),
)


def example(name: str) -> dict[str, Any]:
    """Return a specification or a sweep of docs/examples."""
    found: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return found


def draw_all(docs: Path, only: str) -> None:
    """Draw every figure, or one; those of one source from the same runs."""
    chosen = [figure for figure in FIGURES if only in {"", figure.image}]
    with started_browser() as browser:
        for (source, changes), group in groupby(chosen, attrgetter("source", "changes")):
            shown = list(group)
            for figure, drawn in zip(shown, made(source, changes, shown), strict=True):
                draw(browser, drawn, docs / "images" / f"{figure.image}.png")


def made(source: str, changes: dict[str, Any] | None, shown: list[Figure]) -> list[dict[str, Any]]:
    """Run an example, or a sweep, to its end, and return pictures of it."""
    posted = example(source) | (changes or {})
    swept = "axes" in posted
    with finished(posted if swept else {"name": source, "base": posted, "axes": {}, "seeds": [0]}) as (db, sweep):
        if not swept:
            (group,) = groups(compare(db, sweep))["groups"]
            return [pictures(db, group.runs[0], [figure.picture])[0] for figure in shown]
        several = len(posted["axes"]) > 1
        compared = compare(db, sweep, columns=None if several else "experiment")  # one value: cells hold all seeds
        made = [overlay(db, **groups(compared, figure.cells), name=figure.picture)[0] for figure in shown]
        return [figure for figure in made if figure]
