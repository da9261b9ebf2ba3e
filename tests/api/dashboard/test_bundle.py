"""The dashboard's modules as one script a page."""

from __future__ import annotations

import re

import pytest

from api.dashboard import bundle


@pytest.mark.parametrize("page", [*bundle.PAGES, "report"])
def test_the_modules_of_a_page_share_one_scope(page: str) -> None:
    source = bundle.script(page)
    assert not re.findall(r"^(?:import|export)\b.*$", source, re.MULTILINE)
    names = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", source, re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert source.endswith(bundle.read(f"{page}.js").rpartition("\n\n")[2])
