from __future__ import annotations

from tests.ltd_core.time_scales.harness import cell_of, check_computing, check_refused, check_training
from tests.ltd_core.training import alone, exactly, small


def test_it_is_what_a_run_has_without_a_time_scale() -> None:
    plain = small(cell={"kind": "rnn", "hidden_size": 7})
    assert small(cell=cell_of({"kind": "none"})).digest == plain.digest
    assert "alpha" not in plain.cell.shapes(6)


def test_it_computes_what_the_slow_loop_does() -> None:
    check_computing({"kind": "none"})


def test_a_run_is_the_slow_loops() -> None:
    check_training({"kind": "none"})


def test_units_that_forget_at_once_are_the_same_to_the_bit() -> None:
    """With alpha = 0, h = 0 h + 1 v."""
    plain, leaky = (small(cell=cell_of(scale)) for scale in ({"kind": "none"}, {"kind": "constant", "alpha": 0}))
    one, other = ([entry[-1] for entry in exactly(alone(spec))] for spec in (plain, leaky))
    assert one == other


def test_it_has_no_settings() -> None:
    check_refused({"kind": "none", "alpha": 0.5}, "cell.time_scale.alpha")
