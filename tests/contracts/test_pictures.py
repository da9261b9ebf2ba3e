"""Every experiment and every probe has pictures, whose axes are named and whose captions tell stored numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ltd_core.experiments import EXPERIMENTS
from ltd_core.picture import Band, Curve, HeatMap, Layer, Level
from ltd_core.probes import PROBES
from ltd_core.spec import RunSpec, parse_spec
from ltd_core.told import percent, told
from services.database.engine import Database
from services.migrate import migrate
from services.pictures.figure import figure
from services.pictures.reading import pictures, pictures_of
from services.pictures.stored import Stored
from services.pictures.table import csv_of
from services.runs import queries
from services.settings import Settings
from tests.support.trained import train

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples").glob("*.json"))
_TRAINING: dict[str, Any] = {
    "problem": {"kind": "temporal_order", "length": 12},
    "updates": 30,
    "batch_size": 4,
    "evaluation": {"every": 10, "sequences": 20},
    "observation": {"every": 10, "sequences": 2, "clipping": True},
    "clipping": {"kind": "norm", "threshold": 0.5},
}
_LEARNED = {"kind": "rnn", "hidden_size": 6, "time_scale": {"kind": "learned", "alpha": [0.2, 0.8]}}
SPECS: dict[str, dict[str, Any]] = {
    "training, time scales": _TRAINING | {"cell": _LEARNED},
    "training, gates": _TRAINING | {"cell": {"kind": "lstm", "hidden_size": 5}},
    "training, omega": _TRAINING | {"cell": {"kind": "rnn", "hidden_size": 6}, "regularizer": {"kind": "omega"}},
    "linear_recurrence": {"length": 30, "hidden_size": 6, "form": "non_normal"},
    "nonlinear_recurrence": {"length": 30, "hidden_size": 6},
    "weight_product": {"depth": 20, "samples": 100},
    "composition": {"depth": 9, "hidden_size": 8, "points": 40},
    "gradient_census": {"samples": 40, "hidden_size": 6, "length": 20},
    "loss_cliff": {"points": 20},
    "clipping_bias": {
        "problem": {"kind": "temporal_order", "length": 10},
        "examples": 16,
        "batch_sizes": [1, 4],
        "after": [0, 5],
        "cell": {"kind": "rnn", "hidden_size": 4},
    },
    "stationary_point": {"updates": 400, "chains": 20},
    "growing_curvature": {"most_steps": 500},
    "escape": {"updates": 200, "chains": 20},
}


def parsed(name: str) -> RunSpec:
    return parse_spec({"experiment": name.partition(",")[0]} | SPECS[name])


class Telling(Stored):
    """Stored numbers that remember what a caption asked for."""

    def told(self) -> set[float]:
        return self.__dict__.setdefault("_told", set())  # type: ignore[no-any-return]

    def metric(self, name: str) -> float | None:
        value = super().metric(name)
        self.told().update([] if value is None else [value])
        return value

    def point(self, trace: str, *index: int) -> float:
        value = super().point(trace, *index)
        parts = self.values(trace)[index[:-1]].ravel() if index else ()
        self.told().update((value, abs(value), *([math.hypot(*parts)] if len(parts) == 2 else [])))
        return value

    def highest(self, trace: str) -> tuple[float, float]:
        found = super().highest(trace)
        self.told().update(found)
        return found

    def line(self, trace: str, *index: int) -> list[float]:
        values = super().line(trace, *index)
        known = [value for value in values if not math.isnan(value)]
        rate = (known[-1] - known[0]) / max(1, len(known) - 1)
        left = [float(lag) for lag, value in enumerate(values) if value >= 0.1 * values[0]]
        derived = {rate, math.exp(min(rate, 700.0)), float(len(known) - 1), *left[-1:]}
        self.told().update({*known, *derived})
        return values


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, dict[str, str]]]:
    home = tmp_path_factory.mktemp("pictures")
    settings = Settings(home=home, database_url=f"sqlite:///{home}/ltd.db")
    migrate(settings)
    db = Database(settings.database_url)
    yield db, dict(zip(SPECS, train(db, [parsed(name) for name in SPECS]), strict=True))
    db.dispose()


def numbers_of(spec: RunSpec) -> set[float]:
    """Return every number that a specification holds, its hidden ones too."""
    text = json.dumps(spec.full())
    derived = [getattr(spec, name) for name in ("minimum",) if hasattr(spec, name)]
    chosen = [spec.chosen()] if hasattr(spec, "chosen") else []
    return {float(n) for n in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", text)} | set(derived) | set(chosen)


def axes_of(layer: Layer) -> list[str]:
    if isinstance(layer, Curve):
        return [layer.along]
    return [layer.x, layer.y] if isinstance(layer, HeatMap) else []


def test_every_experiment_and_every_probe_is_among_them() -> None:
    assert {name.partition(",")[0] for name in SPECS} == set(EXPERIMENTS)
    applied = {probe for name in SPECS if "," in name for probe in PROBES if PROBES[probe].applies(parsed(name))}  # type: ignore[arg-type]
    assert applied == set(PROBES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_declared_picture_draws_declared_traces(path: Path) -> None:
    spec = parse_spec(json.loads(path.read_text("utf-8")))
    declared = {info.name: info for info in spec.traces()}
    pictures = spec.pictures()
    assert len({picture.name for picture in pictures}) == len(pictures)
    for picture in pictures:
        assert picture.title.endswith("?"), picture
        assert picture.x.label, picture
        assert picture.y.label, picture
        assert set(picture.traces) <= declared.keys(), picture
    assert {name for picture in pictures for name in picture.traces} == declared.keys()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_declared_coordinate_has_a_value_for_each_place(path: Path) -> None:
    spec = parse_spec(json.loads(path.read_text("utf-8")))
    for info in spec.traces():
        for axis in info.coordinates:
            place = info.axes.index(axis)
            assert len(info.along(axis)) == (info.size[place - 1] if place else spec.steps // info.every), (info, axis)


@pytest.mark.parametrize("name", SPECS)
def test_every_number_of_a_caption_is_one_that_is_stored(name: str, runs: tuple[Database, dict[str, str]]) -> None:
    db, ids = runs
    run = queries.get(db, ids[name])
    declared, known_pictures = pictures_of(db, run)
    shown = known_pictures.values()
    captions = 0
    for picture in shown:
        numbers = Telling(db, run.id, declared, run.summary)
        caption = picture.caption(numbers)
        captions += bool(caption)
        known = numbers.told() | numbers_of(run.spec) | {95.0, 0.0, 1.0}
        words = {f(value).replace(",", "") for value in known for f in (told, percent, lambda v: f"{v:,.0f}")}
        words |= {part for word in words for part in word.split()}
        for figure_told in re.findall(r"(?<![\w⁻])−?\d[\d.,]*(?:\s×\s10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?", caption):
            assert figure_told.rstrip(".,").replace(",", "") in words, (figure_told, caption)
    assert captions, "the answer to the experiment's question is told"


def goes_along_points(layer: Layer, first: str) -> bool:
    """Return whether a layer draws a trace along its first axis, so that it has a coarse level."""
    if isinstance(layer, Curve):
        return first in {layer.along, layer.by}
    return isinstance(layer, Band) or (isinstance(layer, HeatMap) and first in {layer.x, layer.y})


@pytest.mark.parametrize("name", SPECS)
def test_what_is_drawn_and_told_of_single_points_is_the_same_however_coarse(
    name: str, runs: tuple[Database, dict[str, str]]
) -> None:
    db, ids = runs
    run = queries.get(db, ids[name])
    declared, known_pictures = pictures_of(db, run)
    coarse, fine = (Stored(db, run.id, declared, run.summary, max_points=most) for most in (2, 10_000))
    for picture in known_pictures.values():
        assert picture.caption(coarse) == picture.caption(fine)
        layers = [layer for layer in picture.layers if getattr(layer, "trace", "")]
        kept = tuple(layer for layer in layers if not goes_along_points(layer, declared[layer.trace].axes[0]))
        if kept:
            single = replace(picture, layers=kept)
            assert figure(single, coarse) == figure(single, fine), picture.name


@pytest.mark.parametrize("name", SPECS)
def test_every_picture_is_drawn_with_named_axes_and_its_true_values(
    name: str, runs: tuple[Database, dict[str, str]]
) -> None:
    db, ids = runs
    run = queries.get(db, ids[name])
    declared, known_pictures = pictures_of(db, run)
    stored = Stored(db, run.id, declared, run.summary)
    for picture in known_pictures.values():
        drawn = figure(picture, stored)
        json.dumps(drawn, allow_nan=False)
        assert drawn["layout"]["xaxis"]["title"]["text"] == picture.x.label
        assert drawn["layout"]["yaxis"]["title"]["text"] == picture.y.label
        for layer in picture.layers:
            if isinstance(layer, Level | Band) or not getattr(layer, "trace", ""):
                continue
            info = declared[layer.trace]
            axes = (
                [layer.along] if isinstance(layer, Curve) else [layer.x, layer.y] if isinstance(layer, HeatMap) else []
            )
            for axis in axes:
                assert len(stored.along(layer.trace, axis)) == stored.values(layer.trace).shape[info.axes.index(axis)]
        assert drawn["data"] or drawn["layout"]["shapes"]


@pytest.mark.parametrize("name", SPECS)
def test_a_part_in_which_there_are_no_points_is_drawn_empty(name: str, runs: tuple[Database, dict[str, str]]) -> None:
    db, ids = runs
    for drawn in pictures(db, ids[name], start=10**6):
        json.dumps(drawn, allow_nan=False)
        assert csv_of(drawn).startswith("name,x,y,z")
