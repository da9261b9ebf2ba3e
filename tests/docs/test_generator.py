"""What docs/ holds is what the code says, and every row of the mission has all its parts."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from docs.generator import figures, mission, reference, screenshots, settings
from docs.generator.picture import MOST_BYTES
from ltd_core.probes import PROBES
from ltd_core.spec import EXPERIMENTS, RunSpec, parse_spec
from services.settings import Settings
from services.sweeps.request import expand, parse_request

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = sorted((DOCS / "examples").glob("*.json"))
SWEEPS = sorted((DOCS / "examples" / "sweeps").glob("*.json"))


@pytest.mark.parametrize("name", list(reference.pages()))
def test_the_reference_is_that_of_the_registries(name: str) -> None:
    written = (DOCS / "reference" / name).read_text(encoding="utf-8")
    assert written == reference.pages()[name], "run 'make docs'"


def test_no_page_of_the_reference_is_left_over() -> None:
    assert {path.name for path in (DOCS / "reference").iterdir()} == set(reference.pages())


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_says_what_it_means(name: str) -> None:
    assert Settings.model_fields[name].description
    assert f"`LTD_{name.upper()}`" in reference.pages()["settings.md"]


def test_every_variable_of_compose_has_a_meaning_and_no_meaning_is_left_over() -> None:
    named = re.findall(r"\$\{(LTD_\w+)", settings.COMPOSE.read_text(encoding="utf-8"))
    assert set(named) == set(settings.MEANINGS) == set(settings.composed())


def test_the_table_of_the_mission_is_up_to_date() -> None:
    assert (DOCS / "mechanisms" / "README.md").read_text(encoding="utf-8") == mission.table(), "run 'make docs'"


@pytest.mark.parametrize("row", mission.ROWS, ids=lambda row: row.number)
def test_a_row_has_all_its_parts(row: mission.Row) -> None:
    page = (DOCS / "mechanisms" / f"{row.page}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {row.number}: ")
    assert f"](../images/{row.page}.png)" in page
    for test in row.tests:
        assert "def test_" in (DOCS.parent / test).read_text(encoding="utf-8")
    assert row.examples
    for name in row.examples:
        assert f"{name}.json" in page
        assert (DOCS / "examples" / f"{name}.json").is_file()


@pytest.mark.parametrize("figure", figures.FIGURES, ids=lambda figure: figure.image)
def test_a_figure_is_declared_by_its_example_drawn_and_shown(figure: figures.Figure) -> None:
    assert figure.picture in {picture.name for picture in spec_of(figure.source).pictures()}
    image = DOCS / "images" / f"{figure.image}.png"
    assert image.stat().st_size < MOST_BYTES
    pages = [path.read_text(encoding="utf-8") for path in (DOCS / "mechanisms").glob("*.md")]
    assert any(f"](../images/{image.name})" in page and f"{figure.source}.json" in page for page in pages)


def test_the_page_of_screenshots_has_every_example_of_a_mechanism() -> None:
    written = screenshots.PAGE.read_text(encoding="utf-8")
    assert written == screenshots.text([path.stem for path in EXAMPLES if path.stem.startswith("m")])


@pytest.mark.parametrize("row", mission.ROWS, ids=lambda row: row.number)
def test_the_traces_of_a_row_are_left_by_its_examples(row: mission.Row) -> None:
    assert set(row.traces) <= {info.name for name in row.examples for info in spec_of(name).traces()}


def spec_of(name: str) -> RunSpec:
    """Return the specification of an example; of a sweep, the first."""
    found = figures.example(name)
    return expand(parse_request(found))[0][1] if name.startswith("sweeps/") else parse_spec(found)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_specification(path: Path) -> None:
    spec = parse_spec(json.loads(path.read_text(encoding="utf-8")))
    assert spec.experiment in EXPERIMENTS


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_an_example_of_a_sweep_is_one(path: Path) -> None:
    request = parse_request(json.loads(path.read_text(encoding="utf-8")))
    assert len(expand(request)) == math.prod(len(values) for values in (*request.axes.values(), request.seeds))


def test_every_trace_says_what_it_costs() -> None:
    assert all(probe.cost and probe.unit and probe.description for probe in PROBES.values())
