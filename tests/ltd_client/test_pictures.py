"""`ltd show` as a process of its own: words, JSON, files, and what a browser draws."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ltd_client import Lab

pytestmark = pytest.mark.xdist_group("client")


def test_question_and_answer_of_each_picture(ask: Any, sdk: Lab, escape: str) -> None:
    done = ask("show", escape[:8], BROWSER="echo opened %s")
    said = " ".join(done.out.split())
    assert (done.status, done.err) == (0, "")
    for figure in sdk.pictures(escape):
        assert f"{figure.title} {figure.name} {figure.caption}".strip() in said
    assert f"{sdk.server}/runs/{escape} opened {sdk.server}/runs/{escape}" in said
    named = ask("show", escape, "--list", BROWSER="echo opened")
    assert named.out.split() == [figure.name for figure in sdk.pictures(escape)]


def test_figures_as_json(ask: Any, sdk: Lab, escape: str) -> None:
    done = ask("show", escape, "--json", BROWSER="echo opened")
    assert done.json == [figure.json for figure in sdk.pictures(escape)]
    first = done.json[0]["name"]
    assert [figure["name"] for figure in ask("show", escape, "--picture", first, "--json").json] == [first]


def test_a_page_and_its_numbers(ask: Any, sdk: Lab, escape: str, tmp_path: Path) -> None:
    page, numbers = tmp_path / "new" / "page.html", tmp_path / "numbers.csv"
    done = ask("show", escape, "--html", str(page), "--csv", str(numbers), BROWSER="echo opened")
    assert (done.status, "opened" in done.out) == (0, False)
    assert f"wrote {page}" in done.out
    assert page.read_text(encoding="utf-8").count("<section>") == len(sdk.pictures(escape))
    assert numbers.read_text(encoding="utf-8") == "\n".join(figure.csv() for figure in sdk.pictures(escape))


def test_an_image_and_a_drawing(ask: Any, sdk: Lab, escape: str, tmp_path: Path) -> None:
    png, svg = tmp_path / "a.png", tmp_path / "a.svg"
    name = sdk.pictures(escape)[1].name
    done = ask("show", escape, "--picture", name, "--png", str(png), "--svg", str(svg))
    assert (done.status, done.err) == (0, "")
    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png.read_bytes()[16:24]) == (2000, 1240)
    drawn = ET.fromstring(svg.read_text(encoding="utf-8"))
    assert drawn.tag.endswith("svg")
    assert sdk.figure(escape, name).title in " ".join(drawn.itertext())


def test_without_a_browser_an_image_says_what_is_missing(ask: Any, escape: str, tmp_path: Path) -> None:
    done = ask("show", escape, "--png", str(tmp_path / "a.png"), PATH=str(tmp_path))
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "chromium or google-chrome on the PATH" in done.err
    assert not (tmp_path / "a.png").exists()


def test_what_is_unknown_is_named(ask: Any, escape: str) -> None:
    for words, named in (((escape, "--picture", "beauty"), "beauty"), (("0" * 32,), "0" * 32), (("abcdef",), "abcdef")):
        done = ask("show", *words)
        assert (done.status, done.out) == (2, "")
        assert named in done.err
