"""How many lanes a pack should have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltd_core.spec import RunSpec

_CACHE_NUMBERS = 2**18
"""A pack's weights and one step's states should stay in a core's second-level cache (about 1 MiB)."""
_MOST_ON_CPU = 8
_MOST_ON_GPU = 1024


def lanes_for(spec: RunSpec, device: str) -> int:
    """Return the recommended number of lanes on a device: few for wide networks, where packing cannot help."""
    full = spec.full()
    size, batch_size = int(full["cell"]["hidden_size"]), int(full["batch_size"])
    if not device.startswith("cpu"):
        return _MOST_ON_GPU if size * size + 4 * batch_size * size < _CACHE_NUMBERS else 64
    return max(1, min(_MOST_ON_CPU, _CACHE_NUMBERS // (size * size + 4 * batch_size * size)))
