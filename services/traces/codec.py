"""Arrays as bytes: shuffled (all first bytes, then all second, ...) and compressed by zstandard with a checksum."""

from __future__ import annotations

import hashlib
import threading
from math import prod
from typing import Any

import numpy as np
import zstandard

from services.errors import TraceCorrupt

Array = np.ndarray[Any, np.dtype[Any]]

_LEVEL = 3
_DAMAGED = "the checksum does not match"

_threads = threading.local()


def encode(array: Array) -> bytes:
    """Return the compressed bytes of an array."""
    plain = np.ascontiguousarray(array)
    parts = plain.reshape(-1).view(np.uint8).reshape(-1, plain.itemsize)
    shuffled = np.empty((plain.itemsize, len(parts)), np.uint8)
    for i, part in enumerate(parts.T):  # several times as fast as a transposed copy
        shuffled[i] = part
    return bytes(_tool("compressor", _compressor).compress(shuffled.tobytes()))


def checks_itself(payload: bytes) -> bool:
    """Say whether the frame has a checksum; older versions wrote none. Raises TraceCorrupt."""
    try:
        return bool(zstandard.get_frame_parameters(payload).has_checksum)
    except zstandard.ZstdError as error:
        raise TraceCorrupt(_DAMAGED) from error


def decode(payload: bytes, dtype: str, shape: tuple[int, ...]) -> Array:
    """Return the array of a shape; raises TraceCorrupt, ValueError and TypeError (dtype and shape do not fit)."""
    kind = np.dtype(dtype)
    size = kind.itemsize * prod(shape)
    try:
        # the decompressor allocates what the header says, and a damaged header may say anything; -1 is nothing
        named = zstandard.frame_content_size(payload)
        if named != size:
            raise TraceCorrupt(f"{dtype} of shape {list(shape)} does not fit its bytes: {size} expected, {named} named")
        raw = _tool("decompressor", zstandard.ZstdDecompressor).decompress(payload)
    except zstandard.ZstdError as error:
        raise TraceCorrupt(_DAMAGED) from error
    shuffled = np.frombuffer(raw, np.uint8).reshape(kind.itemsize, -1)
    parts = np.empty(shuffled.shape[::-1], np.uint8)
    for i, part in enumerate(shuffled):
        parts[:, i] = part
    return parts.view(kind).reshape(shape)


def checksum(payload: bytes) -> str:
    """Return the digest of some bytes, 32 hexadecimal characters."""
    return hashlib.blake2b(payload, digest_size=16).hexdigest()


def check(payload: bytes, stored: str) -> None:
    """Compare bytes with their stored checksum; raises TraceCorrupt."""
    if checksum(payload) != stored:
        raise TraceCorrupt(_DAMAGED)


def _compressor() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)


def _tool(name: str, make: Any) -> Any:
    if not hasattr(_threads, name):
        setattr(_threads, name, make())
    return getattr(_threads, name)
