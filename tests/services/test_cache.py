"""A bounded memory."""

from __future__ import annotations

from services.cache import Cache


def test_the_longest_unused_goes_first() -> None:
    kept: Cache[str] = Cache(2)
    kept.put("a", "A")
    kept.put("b", "B")
    assert kept.get("a") == "A"
    kept.put("c", "C")
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == ("A", None, "C", 2)


def test_what_is_heavy_takes_the_room_of_much() -> None:
    kept: Cache[str] = Cache(10)
    for name in "abc":
        kept.put(name, name, 3)
    kept.put("c", "C", 4)  # in its place
    assert (kept.get("a"), len(kept)) == ("a", 3)
    kept.put("d", "d", 5)
    assert [kept.get(name) for name in "abcd"] == ["a", None, None, "d"]
    kept.put("e", "e", 11)
    assert len(kept) == 0
    kept.put("f", "f", 10)
    assert kept.get("f") == "f"
