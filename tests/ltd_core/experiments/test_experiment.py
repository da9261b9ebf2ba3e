"""The identity of a run: of what it says, not of how; another seed is another run of the same shape."""

from __future__ import annotations

import hashlib
import json

import pytest

from ltd_core.experiments import EXPERIMENTS
from ltd_core.spec import parse_spec
from tests.ltd_core.training import small


def test_a_digest_is_of_the_sorted_settings_without_defaults() -> None:
    spec = small(batch_size=20, seed=3)  # 20 is the default
    text = json.dumps(spec.settings, sort_keys=True, separators=(",", ":"))
    assert "batch_size" not in text
    assert spec.canonical_json() == text
    assert spec.digest == hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    assert parse_spec(json.loads(text)) == spec
    assert parse_spec(spec.full()).digest == spec.digest


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_another_seed_changes_the_digest_and_not_the_shape(seed: int) -> None:
    spec = small(seed=5)
    digest, shape_key = spec.digest, spec.shape_key  # cached from here on
    made = spec.seeded(seed)
    assert made == small(seed=seed)
    assert (made.digest, made.shape_key) == (small(seed=seed).digest, shape_key)
    assert made.settings == small(seed=seed).settings
    assert (spec.seed, spec.digest) == (5, digest), "the first one stays as it is"


def test_a_setting_that_lanes_share_changes_the_shape() -> None:
    keys = {small(**change).shape_key for change in ({}, {"batch_size": 6}, {"dtype": "float64"}, {"seed": 9})}
    assert len(keys) == 3
    assert small(updates=71).shape_key == small().shape_key


@pytest.mark.parametrize("name", list(EXPERIMENTS))
def test_an_example_is_a_run_with_every_default_written_out(name: str) -> None:
    cls = EXPERIMENTS[name]
    spec = parse_spec(cls.example())
    assert spec.experiment == name
    assert spec.full() == cls.example()
    assert spec.steps >= 1
    assert cls.summary.endswith(".")
    assert len({info.name for info in spec.traces()}) == len(spec.traces()) > 0
