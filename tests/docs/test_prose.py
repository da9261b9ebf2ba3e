"""Prose and JavaScript keep to the columns that ruff holds Python to; links lead somewhere; decisions have one form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COLUMNS = 120
PROSE = sorted({*ROOT.glob("*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("docs/**/*.md")})
GENERATED = ROOT / "docs" / "reference"
SCRIPTS = sorted((ROOT / "api" / "dashboard" / "static").glob("*.js"))
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
FORM = re.compile(
    r"# (\d+)\. .+\n\n\*\*Status\.\*\* \w+, \d{4}-\d\d-\d\d.*\*\*Context\.\*\*.*\*\*Choice\.\*\*.*\*\*Cost\.\*\*",
    re.DOTALL,
)
_CODE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def too_long(text: str) -> list[str]:
    return [line for line in text.splitlines() if len(line) > COLUMNS]


# The generated pages are left out: their lines are descriptions in the code, which ruff and the forms need whole.
@pytest.mark.parametrize("path", [path for path in PROSE if GENERATED not in path.parents], ids=named)
def test_prose_is_wrapped(path: Path) -> None:
    text = _CODE.sub("", path.read_text(encoding="utf-8"))  # code is as one types it
    # a row of a table and a picture's line cannot be wrapped
    assert [line for line in too_long(text) if not line.lstrip().startswith(("|", "!["))] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_javascript_is_wrapped(path: Path) -> None:
    assert too_long(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", PROSE, ids=named)
def test_links_lead_to_files(path: Path) -> None:
    targets = _LINK.findall(_CODE.sub("", path.read_text(encoding="utf-8")))
    assert [to for to in targets if "://" not in to and not (path.parent / to).exists()] == []


@pytest.mark.parametrize("path", DECISIONS, ids=named)
def test_a_decision_has_status_context_choice_and_cost(path: Path) -> None:
    found = FORM.match(path.read_text(encoding="utf-8"))
    assert found
    assert int(found[1]) == int(path.name[:4])
