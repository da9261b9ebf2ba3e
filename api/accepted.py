"""What bodies of runs were accepted, so that one that differs in its seed alone need not be read again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from services.kept import Kept

if TYPE_CHECKING:
    from ltd_core.spec import RunSpec

LONGEST = 16 * 1024
_SEED = re.compile(rb'"seed":\s*(0|[1-9][0-9]{0,17})(?=\s*[,}])')


class Accepted:
    """Bodies of runs that were accepted, without their seeds; 4 MiB of them."""

    def __init__(self) -> None:
        self._specs: Kept[RunSpec] = Kept(4 * 2**20)

    def learn(self, data: bytes, body: dict[str, Any], spec: RunSpec) -> None:
        """Keep a body that was accepted, where its seed can be told from everything else in it."""
        found = _SEED.search(data)
        if found and len(data) <= LONGEST and "seed" in body and data.count(b'"seed"') == 1:
            self._specs.put(_apart(data, found), spec, len(data))

    def like(self, data: bytes) -> RunSpec | None:
        """Return the specification of a body, if it differs from an accepted one in its seed at most."""
        found = _SEED.search(data)
        known = self._specs.get(_apart(data, found)) if found else None
        return known.seeded(int(found[1])) if found and known else None


def _apart(data: bytes, found: re.Match[bytes]) -> tuple[bytes, bytes]:
    return data[: found.start(1)], data[found.end(1) :]
