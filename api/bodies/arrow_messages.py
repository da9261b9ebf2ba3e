"""What an Arrow stream is made of, read before its numbers are: a compressed body of a kilobyte may fill the memory.

A message's head is a flatbuffer (format/Message.fbs of Apache Arrow): tables of offsets, read here as far as needed.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import pyarrow as pa

_HEADER_TYPE, _HEADER = 1, 2
_RECORD_BATCH, _DICTIONARY_BATCH = 3, 2
_COMPRESSION = 3


class _Table(NamedTuple):
    """A flatbuffer's table: where it begins."""

    data: bytes
    place: int

    def field(self, slot: int) -> int | None:
        """Return where a field is, None where the table has none of it."""
        (back,) = struct.unpack_from("<i", self.data, self.place)
        listed = self.place - back
        (size,) = struct.unpack_from("<H", self.data, listed)
        if 4 + 2 * slot >= size:
            return None
        (offset,) = struct.unpack_from("<H", self.data, listed + 4 + 2 * slot)
        return self.place + offset if offset else None

    def table(self, slot: int) -> _Table | None:
        """Return the table that a field refers to."""
        at = self.field(slot)
        return None if at is None else _Table(self.data, at + struct.unpack_from("<I", self.data, at)[0])


def is_plain(stream: bytes) -> bool:
    """Say whether every batch of a stream is uncompressed and there are no dictionaries; raises pa.ArrowInvalid."""
    reader = pa.ipc.MessageReader.open_stream(stream)
    try:
        return all(_is_plain(message.metadata.to_pybytes()) for message in reader)
    except (struct.error, IndexError) as error:
        raise pa.ArrowInvalid(f"a message's head ends too soon: {error}") from None


def _is_plain(head: bytes) -> bool:
    message = _Table(head, struct.unpack_from("<I", head, 0)[0])
    kind = message.field(_HEADER_TYPE)
    if kind is None or head[kind] == _DICTIONARY_BATCH:
        return False
    batch = message.table(_HEADER)
    return head[kind] != _RECORD_BATCH or (batch is not None and batch.field(_COMPRESSION) is None)
