"""Pictures in the forms that a notebook and a program take."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from plotly import graph_objects

from ltd_client import Lab, Unreachable, browser
from ltd_client.figures import Figure, page

pytestmark = pytest.mark.xdist_group("client")
BODY: dict[str, Any] = {
    "name": "made",
    "title": "Is 1 < 2 & 3?",
    "caption": "Yes: </script> " + "and so on " * 30,
    "data": [{"type": "scatter", "x": [1, 2], "y": [3, 4], "name": "</script>"}],
    "layout": {"xaxis": {"title": {"text": "x"}}, "yaxis": {"title": {"text": "y"}}},
}
MADE = Figure(BODY, lambda: "csv", lambda: "/* plotly */")


def test_its_parts_are_those_of_the_json() -> None:
    for part in ("name", "title", "caption", "data", "layout"):
        assert getattr(MADE, part) == BODY[part]
    assert repr(MADE).startswith("Figure(made): Is 1 < 2 & 3? Yes")


def test_a_notebook_gets_the_picture_and_the_words(sdk: Lab, escape: str) -> None:
    figure = sdk.figure(escape)
    bundle = figure._repr_mimebundle_(include=None, exclude=None)
    drawn = json.loads(json.dumps(bundle))["application/vnd.plotly.v1+json"]
    assert drawn["data"] == figure.data
    assert drawn["layout"]["title"]["text"] == figure.title
    assert figure.layout.keys() <= drawn["layout"].keys()
    for form in ("text/html", "text/plain"):
        assert figure.title in bundle[form]
    assert figure.caption in bundle["text/plain"]


def test_a_notebook_that_cannot_draw_carries_the_picture_in_its_html(sdk: Lab, escape: str, tmp_path: Path) -> None:
    words = sdk.figure(escape)._repr_mimebundle_()["text/html"]
    (framed,) = re.findall(r'<iframe srcdoc="([^"]*)"', words)
    assert len(framed) < 1_000_000
    file = tmp_path / "frame.html"
    file.write_text(html.unescape(framed), encoding="utf-8")
    assert 'class="plot-container' in browser.shown(file)


def test_question_and_answer_remain_where_the_laboratory_is_away() -> None:
    def away() -> str:
        raise Unreachable("http://host", "gone")

    words = Figure(BODY, str, away)._repr_mimebundle_()["text/html"]
    assert words.startswith("<p><b>Is 1 &lt; 2")
    assert "iframe" not in words


def test_a_caption_is_broken_into_lines_and_is_no_markup() -> None:
    drawn = MADE.drawn()["layout"]
    (caption,) = drawn["annotations"]
    lines = caption["text"].split("<br>")
    assert len(lines) > 2
    assert max(map(len, lines)) <= 110
    assert lines[0].startswith("Yes: &lt;/script&gt;")
    assert drawn["title"]["text"] == "Is 1 &lt; 2 &amp; 3?"
    assert BODY["layout"].keys() == {"xaxis", "yaxis"}, "the JSON stays as it was"
    assert "standoff" not in BODY["layout"]["xaxis"]["title"]
    assert "annotations" not in Figure(BODY | {"caption": ""}, str, str).drawn()["layout"]


def test_plotly_takes_every_picture(sdk: Lab, gates: str, escape: str) -> None:
    for figure in [*sdk.pictures(gates), *sdk.pictures(escape)]:
        made = figure.plotly()
        assert isinstance(made, graph_objects.Figure)
        assert len(made.data) == len(figure.data)
        assert made.layout.title.text == figure.title
    share = sdk.figure(gates, "clipped_share").plotly().data[0]
    assert np.allclose(share.y, sdk.trace(gates, "clipped_share")["values"])


def test_the_csv_is_that_of_rest(sdk: Lab, server: str, gates: str) -> None:
    (share,) = sdk.pictures(gates, ["clipped_share"], start=5, end=9)
    url = f"{server}/api/v1/runs/{gates}/pictures?names=clipped_share&from=5&to=9"
    assert share.csv() == httpx2.get(url, headers={"Accept": "text/csv"}).text
    assert [row["x"] for row in csv.DictReader(io.StringIO(share.csv()))] == [f"{step}.0" for step in range(5, 10)]


def test_a_page_cannot_be_ended_by_its_words() -> None:
    made = MADE.html()
    assert made.count("</script>") == 2, "those of plotly.js and of the picture"
    assert "Is 1 &lt; 2 &amp; 3?" in made


def test_a_page_draws_every_picture_without_a_server(sdk: Lab, gates: str, tmp_path: Path) -> None:
    figures = sdk.pictures(gates)
    file = tmp_path / "page.html"
    file.write_text(page(figures, sdk.plotly_js()), encoding="utf-8")
    drawn = browser.shown(file)
    assert len(figures) > 5
    assert drawn.count('class="plot-container') == len(figures)
    for figure in figures:
        assert f"<h2>{html.escape(figure.title, quote=False)}</h2>" in drawn
