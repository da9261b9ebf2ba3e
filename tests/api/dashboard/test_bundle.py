"""The dashboard's modules as one script."""

from __future__ import annotations

import re

from api.dashboard import bundle


def test_the_inlined_modules_share_one_scope() -> None:
    source = bundle.modules()
    assert not re.findall(r"^(?:import|export)\b.*$", source, re.MULTILINE)
    names = re.findall(r"^(?:async )?(?:function|const|class) (\w+)", source, re.MULTILINE)
    assert len(names) == len(set(names))
