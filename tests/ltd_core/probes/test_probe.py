"""Which traces a run declares: by what it observes, with the sizes of its cell and problem."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.probes import PROBES, StateProbe, UpdateProbe, WeightProbe
from tests.ltd_core.training import small

OBSERVED = {"every": 5, "sequences": 3}


def declared(**changes: Any) -> dict[str, tuple[int, tuple[int, ...]]]:
    spec = small(**changes)
    return {name: (p.info(spec).every, p.info(spec).size) for name, p in PROBES.items() if p.applies(spec)}


def test_a_plain_run_is_measured_at_updates_and_in_its_weights_alone() -> None:
    assert declared() == {
        "loss": (1, ()),
        "error_rate": (1, ()),
        "gradient_norm": (1, ()),
        "clipped_gradient_norm": (1, ()),
        "clipped_share": (1, ()),
        "delta_log_norm": (1, (20,)),
        "spectral_radius": (250, ()),
    }


def test_a_run_that_observes_has_the_rest_at_its_own_period() -> None:
    more = declared(observation=OBSERVED, cell={"kind": "lstm", "hidden_size": 7}).items() - declared().items()
    assert dict(more) == {
        "spectrum": (5, (7, 2)),
        "saturation": (5, ()),
        "gate_mean": (5, (3,)),
        "jacobian_singular_values": (5, (14,)),
        "product_singular_values": (5, (7,)),
        "lyapunov_exponents": (5, (14,)),
        "memory_curve": (5, (20,)),
    }


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"observation": {"clipping": True}}, {"clipped_cosine", "descent"}),
        ({"regularizer": {"kind": "omega"}}, {"omega", "omega_gradient_norm"}),
        ({"cell": {"kind": "rnn", "hidden_size": 7, "update_periods": [1, 2]}}, {"group_gradient_share"}),
        ({"cell": {"kind": "rnn", "hidden_size": 7, "time_scale": {"kind": "learned"}}}, {"time_constant"}),
    ],
    ids=["clipping", "regularizer", "groups", "time scale"],
)
def test_a_trace_is_left_where_there_is_something_to_measure(changes: dict[str, Any], names: set[str]) -> None:
    assert declared(**changes).keys() - declared().keys() == names


@pytest.mark.parametrize("name", PROBES)
def test_every_probe_is_of_one_sort_and_says_what_it_measures(name: str) -> None:
    probe = PROBES[name]
    assert sum(issubclass(probe, sort) for sort in (UpdateProbe, WeightProbe, StateProbe)) == 1
    assert probe.axes[0] == "step"
    assert probe.every > 1 if issubclass(probe, WeightProbe) else probe.every == 1
    assert all((probe.unit, probe.description, probe.cost))
