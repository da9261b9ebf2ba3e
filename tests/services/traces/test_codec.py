"""Arrays through bytes and back, to the bit; damage is seen."""

from __future__ import annotations

import contextlib
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from services.errors import TraceCorrupt
from services.traces.codec import checks_itself, checksum, decode, encode

DTYPES = ["<f4", "<f8", "<f2", "<i8", "<i4", "|i1", "|b1", ">f4"]


def back(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return decode(encode(array), array.dtype.str, array.shape)


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(DTYPES), array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6))
def test_arrays_come_back_to_the_bit(data: st.DataObject, dtype: str, shape: tuple[int, ...]) -> None:
    array = data.draw(arrays(np.dtype(dtype), shape))
    found = back(array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_that_are_none_keep_their_bits(dtype: type[np.floating[Any]]) -> None:
    kind = np.finfo(dtype)
    array = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, kind.smallest_subnormal, kind.max, kind.min], dtype)
    payloads = np.arange(1, 9, dtype=f"u{array.itemsize}")  # a NaN carries bits of its own
    odd = (array[:1].view(payloads.dtype) | payloads).view(dtype)
    for values in (array, odd, np.full(1000, np.nan, dtype)):
        assert back(values).tobytes() == values.tobytes()


def test_the_layout_in_memory_does_not_matter() -> None:
    array = np.random.default_rng(0).normal(size=(12, 10)).astype(np.float32)
    for view in (array.T, array[::2, ::-1], np.asfortranarray(array), np.broadcast_to(array[0], (3, 10))):
        np.testing.assert_array_equal(back(view), view)
        assert encode(view) == encode(view.copy())


def test_an_array_that_comes_back_may_be_changed() -> None:
    found = back(np.zeros(4, np.float32))
    found[0] = 1.0
    assert found[0] == 1.0


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(0, 255).filter(bool))
def test_one_damaged_byte_is_seen(data: st.DataObject, change: int) -> None:
    array = np.random.default_rng(1).normal(size=(16, 3)).astype(np.float32)
    payload = encode(array)
    assert checks_itself(payload)
    place = data.draw(st.integers(0, len(payload) - 1))
    damaged = bytearray(payload)
    damaged[place] ^= change
    assert checksum(bytes(damaged)) != checksum(payload) == checksum(bytes(payload))
    assert checksum(payload[:place]) != checksum(payload)
    for other in (bytes(damaged), payload[:place]):
        try:
            if not checks_itself(other):
                continue  # so the row's checksum is asked
            found = decode(other, "<f4", (16, 3))
        except TraceCorrupt:
            continue
        assert found.tobytes() == array.tobytes()  # a bit that means nothing


HEADER = 18
"""Bytes of the longest head of a zstd frame."""


@pytest.mark.parametrize("shape", [(4,), (16, 3), (40_000,), (600_000,)])  # of each length of the size in the head
def test_a_damaged_head_asks_for_no_more_memory_than_the_array(shape: tuple[int, ...]) -> None:
    payload = encode(np.zeros(shape, np.float32))
    bound = 3 * decode(payload, "<f4", shape).nbytes + 2**16
    tracemalloc.start()
    try:
        for place in range(HEADER):
            for value in range(256):
                damaged = bytearray(payload)
                damaged[place] = value
                with contextlib.suppress(TraceCorrupt):
                    decode(bytes(damaged), "<f4", shape)
        assert tracemalloc.get_traced_memory()[1] < bound
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("named", [0, 15, 17, 2**31, 2**50, 2**64 - 3])
def test_a_frame_that_names_another_size_is_refused(named: int) -> None:
    """Magic number, one segment with a size of eight bytes, the size, an empty last block."""
    frame = zstandard.MAGIC_NUMBER.to_bytes(4, "little") + b"\xe0" + named.to_bytes(8, "little") + b"\x01\0\0"
    assert zstandard.frame_content_size(frame) == named
    with pytest.raises(TraceCorrupt, match=f"16 expected, {named} named"):
        decode(frame, "<f4", (4,))


def test_a_frame_that_names_no_size_is_refused() -> None:
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(16))
    with pytest.raises(TraceCorrupt, match="16 expected, -1 named"):
        decode(frame, "<f4", (4,))


def test_traces_take_less_room_than_plain() -> None:
    smooth = np.cumsum(np.random.default_rng(2).normal(size=20_000)).astype(np.float32)
    assert len(encode(smooth)) < 0.9 * smooth.nbytes
    assert len(encode(np.zeros(20_000, np.float32))) < 100


def test_threads_do_not_share_a_compressor() -> None:
    parts = [np.random.default_rng(seed).normal(size=5_000) for seed in range(64)]
    with ThreadPoolExecutor(8) as pool:
        for part, found in zip(parts, pool.map(back, parts), strict=True):
            assert found.tobytes() == part.tobytes()
