from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltd_core.engine import Calibration
from ltd_core.engine.calibration import ON_CPU, measure
from tests.ltd_core.training import small


def test_small_networks_share_a_pack_and_wide_ones_hardly() -> None:
    narrow = measure(small(cell={"kind": "rnn", "hidden_size": 4}, batch_size=2), "cpu")
    wide = measure(small(cell={"kind": "rnn", "hidden_size": 512}, batch_size=64), "cpu")
    assert {narrow, wide} <= set(ON_CPU)
    assert narrow > 2
    assert wide < ON_CPU[-1]


def test_what_was_measured_is_remembered_for_the_machine(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    spec, other = small(), small(batch_size=9)
    lanes = Calibration(file).lanes_for(spec, "cpu")
    (key,) = kept = json.loads(file.read_text())
    assert kept[key] == lanes
    assert spec.shape_key in key
    file.write_text(json.dumps({key: 3}))
    again = Calibration(file)
    assert again.lanes_for(small(seed=5), "cpu") == 3
    again.lanes_for(other, "cpu")
    assert len(json.loads(file.read_text())) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": "b"}', '{"a": 0}'])
def test_a_damaged_file_is_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "calibration.json"
    file.write_text(content)
    lanes = Calibration(file).lanes_for(small(), "cpu")
    assert list(json.loads(file.read_text()).values()) == [lanes]


def test_without_a_place_to_write_it_measures(tmp_path: Path) -> None:
    assert Calibration(tmp_path / "missing" / "calibration.json").lanes_for(small(), "cpu") in ON_CPU
    assert Calibration().lanes_for(small(), "cpu") in ON_CPU
