"""Specifications from files and from the command line."""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path

import pytest
import typer

from ltd_client.specification import assign, load


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20", 20),
        ("0.5", 0.5),
        ("1e-3", 0.001),
        ("true", True),
        ("null", None),
        ("norm", "norm"),
        ('"20"', "20"),
        ("[5, 20]", [5, 20]),
        ('{"kind": "none"}', {"kind": "none"}),
        ("", ""),
        ("a=b", "a=b"),
        (".01", 0.01),
        ("-.5e1", -5.0),
        ("1.", 1.0),
        ("007", 7),
        ("+3", 3),
        ("9223372036854775807", 2**63 - 1),
        ("1" * 5000, math.inf),
        ("[" * 100_000, "[" * 100_000),
        ("1_000", "1_000"),
    ],
)
def test_a_value_is_json_else_a_word(text: str, value: object) -> None:
    assert assign({}, [f"field={text}"]) == {"field": value}


def test_a_path_makes_the_objects_on_its_way() -> None:
    spec = assign({"clipping": {"kind": "none"}}, ["clipping.kind=norm", "clipping.threshold=1", "problem.kind=adding"])
    assert spec == {"clipping": {"kind": "norm", "threshold": 1}, "problem": {"kind": "adding"}}


@pytest.mark.parametrize("backward", [False, True])
def test_a_field_is_set_after_what_holds_it(backward: bool) -> None:
    said = ['clipping={"kind": "norm"}', "clipping.threshold=2"]
    spec = assign({"clipping": {"threshold": 1}}, said[::-1] if backward else said)
    assert spec == {"clipping": {"kind": "norm", "threshold": 2}}


@pytest.mark.parametrize(
    "said",
    [
        ["seed=1", "seed=2"],
        ['clipping={"threshold": 1}', "clipping.threshold=2"],
        ['a={"b": {"c": 1}}', "a.b.c=2"],
        ['a={"b": 1, "b": 2}'],
    ],
)
def test_a_field_given_twice_is_refused(said: list[str]) -> None:
    for order in (said, said[::-1]):
        with pytest.raises(typer.BadParameter, match="given twice"):
            assign({}, order)


@pytest.mark.parametrize("wrong", ["batch_size", "=20", ""])
def test_what_is_no_assignment_is_named(wrong: str) -> None:
    with pytest.raises(typer.BadParameter, match="FIELD=VALUE"):
        assign({}, [wrong])


def test_a_field_inside_a_number_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="batch_size is no object"):
        assign({"batch_size": 20}, ["batch_size.deep=1"])


def test_a_file_holds_an_object(tmp_path: Path) -> None:
    file = tmp_path / "spec.json"
    file.write_text('{"batch_size": 20}', encoding="utf-8")
    assert load(str(file)) == {"batch_size": 20}


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"batch_size": 20}'))
    assert load("-") == {"batch_size": 20}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[1]", "must hold a JSON object"),
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b'{"seeds": [1], "base": {"seed": 1, "seed": 2}}', "'seed' is given twice"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_holds_something_else_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "spec.json"
    file.write_bytes(content)
    with pytest.raises(typer.BadParameter, match=told):
        load(str(file))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="No such file"):
        load(str(tmp_path / "none.json"))
    with pytest.raises(typer.BadParameter, match="Is a directory"):
        load(str(tmp_path))
