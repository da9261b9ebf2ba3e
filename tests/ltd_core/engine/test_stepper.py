"""The path of a GPU, as far as a CPU can run it: a fixed number of rows, data drawn on the device, one graph.

"cpu:0" is a device like any other to the engine: what it runs there is what a GPU records, without the recording.
"""

from __future__ import annotations

import numpy as np
import pytest

from ltd_core.engine import Pack
from ltd_core.engine.stepper import GraphStepper
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.outcome import Progress
from tests.ltd_core.training import alone, exactly, small

OTHER = "cpu:0"
DEVICES = [OTHER, pytest.param("cuda:0", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"))]


def together(specs: list[Training], lanes: int, device: str) -> dict[str, list[Progress]]:
    pack, places, made, waiting = Pack(specs[0], lanes, device), {}, {}, list(specs)
    while True:
        for lane in range(lanes):
            if lane not in places and waiting:
                places[lane] = waiting.pop(0)
                pack.load(lane, places[lane])
        progress = pack.advance()
        if not progress:
            return made
        for lane, reached in progress.items():
            made.setdefault(places[lane].digest, []).append(reached)
            if reached.outcome:
                del places[lane]


def traces(progress: list[Progress]) -> dict[str, np.ndarray]:
    names = {block.name for p in progress for block in p.blocks}
    return {n: np.concatenate([b.values for p in progress for b in p.blocks if b.name == n]) for n in names}


def runs() -> list[Training]:
    """Runs that end at different times, by different rules, one of them by divergence."""
    diverging = {"optimizer": {"kind": "sgd", "lr": 1e308}, "clipping": {"kind": "none"}}
    changes = [{}, {"clipping": {"kind": "value", "threshold": 0.02}}, {"updates": 17}, diverging, {"updates": 90}]
    return [small(seed=seed, dtype="float64", **change) for seed, change in enumerate(changes)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_it_trains_as_machine_code_does(device: str, cell: str) -> None:
    specs = [small(seed=s, dtype="float64", cell={"kind": cell, "hidden_size": 6}) for s in range(3)]
    found = together(specs, 2, device)
    for spec in specs:
        mine, theirs = found[spec.digest], alone(spec)
        assert [p.step for p in mine] == [p.step for p in theirs]
        assert mine[-1].outcome == theirs[-1].outcome
        expected = traces(theirs)
        for name, values in traces(mine).items():
            np.testing.assert_allclose(values, expected[name], rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("device", DEVICES)
def test_a_run_does_not_depend_on_its_neighbors(device: str) -> None:
    specs = runs()
    lonely = {spec.digest: together([spec], 4, device)[spec.digest] for spec in specs}
    assert "diverged" in {progress[-1].outcome.kind for progress in lonely.values() if progress[-1].outcome}
    for order in (specs, specs[::-1]):
        for digest, progress in together(order, 4, device).items():
            if device != OTHER:
                assert exactly(progress) == exactly(lonely[digest])
            assert [(p.step, p.outcome) for p in progress] == [(p.step, p.outcome) for p in lonely[digest]]
            for name, values in traces(lonely[digest]).items():  # torch's last bits on a CPU depend on the place
                np.testing.assert_allclose(traces(progress)[name], values, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("device", DEVICES)
def test_it_repeats_itself_to_the_bit_and_resumes(device: str) -> None:
    spec = small(updates=150, evaluation={"every": 0})
    first, again = (together([spec], 3, device)[spec.digest] for _ in range(2))
    assert exactly(first) == exactly(again)
    pack, rest = Pack(spec, 3, device), []
    pack.load(1, spec, first[0].state)
    while made := pack.advance():
        rest += made.values()
    assert exactly(rest) == exactly(first[1:])


@pytest.mark.parametrize("device", DEVICES)
def test_lanes_that_come_and_go_need_no_new_graph(device: str) -> None:
    specs = [small(seed=seed, updates=40) for seed in range(6)]
    pack = Pack(specs[0], 2, device)
    pack.load(0, specs[0])
    pack.advance()
    stepper = pack._stepper
    assert isinstance(stepper, GraphStepper)
    recorded = stepper._replay
    for spec in specs[1:3]:
        pack.clear(0)
        pack.load(0, spec)
        pack.advance()
    assert pack._stepper is stepper
    assert stepper._replay is recorded
    pack.load(1, small(seed=9, clipping={"kind": "value", "threshold": 0.1}))
    pack.advance()
    assert stepper._replay is not recorded or device == OTHER
