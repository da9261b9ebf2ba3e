"""Philox against its published vectors, and what is drawn from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from ltd_core.kernels.philox import LOW
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, one_hot, philox, stream_key

KNOWN = [  # counter, key, output: kat_vectors of Random123 (Salmon et al. 2011)
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((LOW,) * 4, (LOW,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
WORDS = [3510461868, 3658563903, 1442073934, 202961081]


@pytest.mark.parametrize(("counter", "key", "output"), KNOWN)
def test_known_vectors(counter: tuple[int, ...], key: tuple[int, ...], output: tuple[int, ...]) -> None:
    words = philox([torch.tensor([c]) for c in counter], [torch.tensor([k]) for k in key])
    assert tuple(int(word) for word in words) == output


def test_draws_differ_by_seed_stream_step_and_number_and_by_nothing_else() -> None:
    def words(seed: int, name: str, step: int, draw: int) -> tuple[int, ...]:
        return tuple(Draws.of([stream_key(seed, name)], [step]).bits(draw, 8)[0].tolist())

    settings = [(s, n, t, d) for s in (0, 1) for n in ("data", "other") for t in (0, 1) for d in (0, 1)]
    assert len({words(*setting) for setting in settings}) == len(settings)
    assert words(0, "data", 1, 0) == words(0, "data", 1, 0)


def test_uniform_normal_integers_and_symbols_have_their_distributions() -> None:
    draws = Draws.of([stream_key(5, "test")], [1])
    uniform, normal = draws.uniform(0, 50_000)[0].numpy(), draws.normal(1, 50_000)[0].numpy()
    assert 0 <= uniform.min() < uniform.max() < 1
    assert kstest(uniform, "uniform").pvalue > 1e-3
    assert kstest(normal, "norm").pvalue > 1e-3
    for found, classes in ((draws.integers(2, 7, 50_000), 7), (draws.symbols(3, 2, 50_000), 4)):
        counts = np.bincount(found[0].numpy(), minlength=classes)
        assert len(counts) == classes
        assert chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("what", ["steps", "lanes", "draws", "words"])
def test_neighbors_in_any_direction_are_independent(what: str) -> None:
    """Pairs of neighbors fall evenly into 16 x 16 cells, and are not correlated."""
    key = stream_key(9, "test")
    one = Draws.of([key], [1])
    seeds = [stream_key(seed, "test") for seed in range(200)]
    drawn = {
        "steps": Draws.of([key] * 200, list(range(1, 201))).uniform(0, 200),
        "lanes": Draws.of(seeds, [1] * 200).uniform(0, 200),
        "draws": torch.cat([one.uniform(draw, 200) for draw in range(200)]),
        "words": one.uniform(0, 200, 200)[0].t(),
    }[what]
    first, second = drawn[:-1].flatten().numpy(), drawn[1:].flatten().numpy()
    cells = np.histogram2d(first, second, bins=16, range=((0, 1), (0, 1)))[0]
    assert chisquare(cells.ravel()).pvalue > 1e-4
    assert abs(np.corrcoef(first, second)[0, 1]) < 4.5 / len(first) ** 0.5


def test_normal_numbers_have_the_moments_of_theirs() -> None:
    """Mean 0, variance 1, skewness 0, fourth moment 3, each within 4.5 standard errors."""
    count = 400_000
    normal = Draws.of([stream_key(6, "test")], [1]).normal(0, count)[0].numpy()
    for power, (moment, variance) in enumerate(((0, 1), (1, 2), (0, 15), (3, 96)), 1):
        assert abs((normal**power).mean() - moment) < 4.5 * (variance / count) ** 0.5, power
    assert np.isfinite(normal).all()


def test_whole_numbers_cover_their_range_and_no_more() -> None:
    draws = Draws.of([stream_key(6, "test")], [2])
    for high in (1, 2, 3, 10, 10_000):
        found = draws.integers(high, high, 5000)
        assert 0 <= int(found.min()) <= int(found.max()) < high
    assert not draws.integers(0, 1, 100).any()


def test_a_step_may_be_beyond_32_bits() -> None:
    near, far = (Draws.of([3], [step]).bits(0, 8) for step in (5, 5 + 2**32))
    assert not torch.equal(near, far)


def test_streams_keep_their_keys() -> None:
    """Pinned: another key would give every stored run other data."""
    assert stream_key(0, "data") == 908358340090742852
    assert stream_key(0, "initialization") == 7055492232289194998
    assert Draws.of([stream_key(0, "data")], [1]).bits(0, 4)[0].tolist() == WORDS


def test_lanes_have_bounds_of_their_own() -> None:
    draws = Draws.of([1, 2], [1, 1])
    found = draws.integers(0, torch.tensor([3, 1000]), 5000)
    assert set(found[0].tolist()) == {0, 1, 2}
    assert 900 < int(found[1].max()) < 1000


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_hot_is_torchs(dtype: torch.dtype) -> None:
    symbols = torch.randint(5, (3, 4, 7), generator=torch.Generator().manual_seed(1))
    for given in (symbols, symbols.transpose(0, 2)):
        assert torch.equal(one_hot(given, 5, dtype), torch.nn.functional.one_hot(given, 5).to(dtype))
