"""Every variant of a cell and every mechanism that moves: packed as alone, and resumed as undisturbed, to the bit."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.engine import Pack
from ltd_core.experiments.training import Training
from ltd_core.optimizers import OPTIMIZERS
from ltd_core.outcome import Progress
from ltd_core.schedules import SCHEDULES
from ltd_core.time_scales import TIME_SCALES
from tests.contracts.test_bit_identity import alone_exactly, check
from tests.ltd_core.cells.harness import VARIANTS
from tests.ltd_core.training import alone, exactly, small

pytestmark = pytest.mark.long  # a few compilations each
variants = pytest.mark.parametrize(  # in one process each: it compiles a shape once
    "variant", [pytest.param(variant, marks=pytest.mark.xdist_group(f"packed {variant}")) for variant in VARIANTS]
)
QUICK: dict[str, Any] = {
    "updates": 20,
    "evaluation": {"every": 8, "sequences": 60, "stop": False},
    "observation": {"every": 6, "sequences": 2},
}
OMEGAS = [
    {"kind": "omega", "ratio": ratio, "delta": delta, "decay": decay}
    for ratio, delta, decay in (
        ("squares", "constant", "inverse"),
        ("norms", "constant", "inverse"),
        ("squares", "constant", "none"),
        ("norms", "exact", "inverse"),
    )
]
LASTING = {"kind": "sgd", "lr": 0.05, "momentum": 0.9, "schedule": {"kind": "cosine", "duration": 50, "last": 0.1}}


def quick(**changes: Any) -> Training:
    """Return a run of 20 updates that is evaluated and observed."""
    return small(**QUICK | changes)


def few(**common: Any) -> list[Training]:
    """Return runs of one shape: ordinary ones, one that diverges, one that ends early, one longer."""
    wild = {"optimizer": {"kind": "sgd", "lr": 1e38, "momentum": 0.9}, "clipping": {"kind": "none"}}
    return [
        quick(seed=1, **common),
        quick(seed=2, **common | wild),
        quick(seed=3, **common | {"updates": 5}),
        quick(seed=4, **common | {"clipping": {"kind": "value", "threshold": 0.01}}),
        quick(seed=5, **common | {"updates": 33}),
    ]


def rest_of(spec: Training, state: bytes, neighbor: Training) -> list[Progress]:
    """Go on from a state, in a pack with another run."""
    pack, rest = Pack(spec, 3), []
    pack.load(1, neighbor)
    pack.load(2, spec, state)
    while made := pack.advance():
        rest += [reached for lane, reached in made.items() if lane == 2]
    return rest


def check_resuming(**changes: Any) -> None:
    """A run goes on from each of its states as if it had never stopped."""
    spec = quick(**{"updates": 80, "optimizer": LASTING} | changes)
    whole = alone(spec)
    assert [reached.step for reached in whole] == [16, 64, 80]
    for stop, reached in enumerate(whole[:-1]):
        assert exactly(rest_of(spec, reached.state, quick(**changes | {"seed": 7}))) == exactly(whole[stop + 1 :])


@variants
def test_every_variant_of_a_cell_is_packed_as_alone(variant: str) -> None:
    runs = few(cell=VARIANTS[variant] | {"hidden_size": 6})
    check(runs[:3], 3, runs[3:])


@variants
def test_every_variant_of_a_cell_goes_on_from_its_states(variant: str) -> None:
    check_resuming(cell=VARIANTS[variant] | {"hidden_size": 6})


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_every_schedule_is_packed_as_alone(optimizer: str) -> None:
    """Lanes may differ in it; a lane without one learns at its rate among lanes that have one."""
    settings = {"half_life": 3, "duration": 9}
    schedules = [
        {"kind": kind} | {name: value for name, value in settings.items() if name in entry.model_fields}
        for kind, entry in SCHEDULES.items()
    ]
    runs = [quick(seed=i, optimizer={"kind": optimizer, "lr": 0.02, "schedule": s}) for i, s in enumerate(schedules)]
    for first in range(len(runs)):
        check(runs[first : first + 2], 3, runs[:first] + runs[first + 2 :])


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
@pytest.mark.parametrize("schedule", list(SCHEDULES))
def test_every_schedule_goes_on_from_its_states(optimizer: str, schedule: str) -> None:
    check_resuming(optimizer={"kind": optimizer, "lr": 0.02, "schedule": {"kind": schedule}})


@pytest.mark.parametrize("kind", list(TIME_SCALES))
def test_lanes_may_differ_in_a_time_scale(kind: str) -> None:
    choices: dict[str, list[dict[str, Any]]] = {
        "constant": [{"alpha": 0.1}, {"alpha": 0.5}, {"alpha": [0.2, 0.9]}, {"alpha": [0.9, 0.3]}],
        "uniform": [{"lowest": 0.5}, {"highest": 0.5}],
        "log_uniform": [{"shortest": 3}, {"longest": 7}],
        "learned": [{"alpha": 0.1}, {"alpha": 0.7}, {"alpha": [0.2, 0.9]}, {"alpha": [0.3, 0.1]}],
    }
    scales = [{"kind": kind} | choice for choice in choices.get(kind, [{}, {}])]
    runs = [quick(seed=i, cell={"hidden_size": 6, "time_scale": scale}) for i, scale in enumerate(scales)]
    for shape in {run.shape_key for run in runs}:
        alike = [run for run in runs if run.shape_key == shape]
        assert len(alike) == 2
        check(alike, 2, [])


def test_runs_with_other_numbers_of_groups_share_no_pack() -> None:
    """Their traces have other lengths."""
    scales = [{"kind": "constant", "alpha": alpha} for alpha in (0.5, [0.2, 0.9], [0.1, 0.2, 0.3], [0.9, 0.3])]
    keys = [quick(cell={"hidden_size": 6, "time_scale": scale}).shape_key for scale in scales]
    assert len(set(keys)) == 3
    assert keys[1] == keys[3]


@pytest.mark.parametrize("omega", OMEGAS, ids=lambda omega: "-".join(list(omega.values())[1:]))
def test_omega_is_packed_as_alone_and_goes_on(omega: dict[str, Any]) -> None:
    runs = few(cell={"kind": "rnn", "hidden_size": 6}, regularizer=omega)
    runs += [quick(regularizer=omega | {"weight": weight}, cell={"hidden_size": 6}) for weight in (0, 0.3)]
    check(runs[:3], 3, runs[3:])
    check_resuming(cell={"kind": "rnn", "hidden_size": 6}, regularizer=omega)


@pytest.mark.parametrize("cell", [{"kind": "rnn", "constraint": "orthogonal"}, VARIANTS["leaky learned"]], ids=str)
def test_looking_into_a_run_changes_nothing(cell: dict[str, Any]) -> None:
    seen, unseen = (
        alone_exactly(quick(cell=cell | {"hidden_size": 6}, observation=observation))
        for observation in (QUICK["observation"], {"every": 0})
    )
    assert [entry[0] for entry in seen] == [entry[0] for entry in unseen]
    for mine, theirs in zip(seen, unseen, strict=True):
        blocks = {block[0]: block for block in mine[4]}
        assert len(blocks) > len(theirs[4])
        assert [blocks[block[0]] for block in theirs[4]] == theirs[4]
