"""Compressed streams and dictionaries are told from plain ones by their heads alone."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.bodies.arrow_messages import is_plain


def stream(table: pa.Table, compression: str | None = None) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=50)
    return out.getvalue()


NUMBERS = pa.table({"x": pa.array(np.zeros(200)), "name": pa.array(["a"] * 200)})


def test_what_is_plain_and_what_is_not() -> None:
    assert is_plain(stream(NUMBERS))
    assert is_plain(stream(NUMBERS.slice(0, 0)))
    for compression in ("zstd", "lz4"):
        assert not is_plain(stream(NUMBERS, compression))
    assert not is_plain(stream(NUMBERS.set_column(1, "name", NUMBERS["name"].dictionary_encode())))


def test_one_compressed_batch_among_many_is_found() -> None:
    plain, packed = stream(NUMBERS), stream(NUMBERS, "zstd")
    schema = len(stream(NUMBERS.slice(0, 0))) - 8  # without the end of the stream
    assert not is_plain(plain[:-8] + packed[schema:])


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_heads_are_refused_or_read_never_more(data: st.DataObject) -> None:
    whole = bytearray(stream(NUMBERS))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(pa.ArrowException, OSError):
        is_plain(bytes(whole))


def test_no_stream_at_all() -> None:
    with pytest.raises((pa.ArrowException, OSError)):
        is_plain(b"no arrow at all, but long enough to be read")
