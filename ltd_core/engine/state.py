"""The bytes from which a run resumes bit for bit: a JSON header, then raw arrays, then a checksum."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

import numpy as np

from ltd_core.errors import CorruptState

_MAGIC = b"LTD1"
_LENGTH = struct.Struct("<I")
_CHECK = 16

Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]


def pack_state(meta: dict[str, Any], arrays: Arrays) -> bytes:
    """Return the bytes of numbers and named arrays."""
    listed = [{"name": name, "dtype": array.dtype.str, "shape": array.shape} for name, array in arrays.items()]
    header = json.dumps({"meta": meta, "arrays": listed}).encode()
    body = b"".join(
        [_MAGIC, _LENGTH.pack(len(header)), header, *(np.ascontiguousarray(a).tobytes() for a in arrays.values())]
    )
    return body + hashlib.blake2b(body, digest_size=_CHECK).digest()


def unpack_state(data: bytes) -> tuple[dict[str, Any], Arrays]:
    """Return what was packed; raises CorruptState when a byte has changed."""
    body, check = data[:-_CHECK], data[-_CHECK:]
    if not body.startswith(_MAGIC) or hashlib.blake2b(body, digest_size=_CHECK).digest() != check:
        raise CorruptState(f"the state of {len(data)} bytes is damaged: its checksum does not match")
    (length,) = _LENGTH.unpack_from(body, len(_MAGIC))
    offset = len(_MAGIC) + _LENGTH.size
    header = json.loads(body[offset : offset + length])
    offset += length
    arrays: Arrays = {}
    for entry in header["arrays"]:
        array = np.frombuffer(body, entry["dtype"], int(np.prod(entry["shape"])), offset).reshape(entry["shape"])
        arrays[entry["name"]] = array
        offset += array.nbytes
    return header["meta"], arrays


def weights(state: bytes) -> Arrays:
    """Return the named weights inside a state."""
    return {
        name.removeprefix("weight."): array
        for name, array in unpack_state(state)[1].items()
        if name.startswith("weight.")
    }
