from __future__ import annotations

import pytest

from services.embedded.__main__ import read_settings
from services.embedded.child import StackFailed


def test_a_wrong_setting_is_named_wherever_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StackFailed, match=r"^port: must be less than or equal to 65535$"):
        read_settings(["--port", "65536"])
    monkeypatch.setenv("LTD_LEASE_SECONDS", "soon")
    with pytest.raises(StackFailed, match=r"^lease_seconds: must be a valid number, unable to parse"):
        read_settings([])
    monkeypatch.delenv("LTD_LEASE_SECONDS")
    monkeypatch.setenv("LTD_HOST", "0.0.0.0")
    with pytest.raises(StackFailed, match=r"^LTD_HOST=0\.0\.0\.0 can be reached"):
        read_settings([])
