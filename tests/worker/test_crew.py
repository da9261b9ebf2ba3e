from ltd_core.engine import weights
from ltd_core.spec import RunSpec, parse_spec
from services.runs.lifecycle import Claim, Lease
from worker.crew import Crew


def spec(seed: int, updates: int = 40) -> RunSpec:
    return parse_spec(
        {
            "problem": {"kind": "temporal_order", "length": 10},
            "cell": {"kind": "rnn", "hidden_size": 4},
            "batch_size": 2,
            "evaluation": {"every": 0},
            "updates": updates,
            "seed": seed,
        }
    )


def claim(seed: int, updates: int = 40, state: bytes | None = None) -> Claim:
    run = spec(seed, updates)
    return Claim(Lease(run.digest, 1, "test"), run, 0, state)


def finish(crew: Crew) -> dict[str, bytes]:
    ended = {}
    while crew.leases:
        ended |= {lease.run_id: progress.state for lease, progress in crew.advance() if progress.outcome}
    return ended


def test_every_run_leaves_its_lane_when_it_ends() -> None:
    crew = Crew(spec(0), 3, "cpu")
    for seed, updates in ((0, 20), (1, 40)):
        crew.load(claim(seed, updates))
    assert crew.free == 1
    ended = finish(crew)
    assert set(ended) == {spec(0, 20).digest, spec(1, 40).digest}
    assert crew.free == 3


def test_a_lane_is_filled_again_beside_runs_that_go_on() -> None:
    crew = Crew(spec(0), 2, "cpu")
    crew.load(claim(0, 20))
    crew.load(claim(1, 60))
    while crew.free == 0:
        crew.advance()
    crew.load(claim(2, 20))
    assert set(finish(crew)) == {spec(1, 60).digest, spec(2, 20).digest}


def test_a_removed_run_trains_no_further_and_resumes_elsewhere_as_if_nothing_happened() -> None:
    alone = Crew(spec(0), 1, "cpu")
    alone.load(claim(0))
    undisturbed = finish(alone)[spec(0).digest]
    crew = Crew(spec(0), 2, "cpu")
    crew.load(claim(0))
    crew.load(claim(1))
    progress = {lease.run_id: made for lease, made in crew.advance()}
    crew.remove([spec(0).digest])
    assert [lease.run_id for lease in crew.leases] == [spec(1).digest]
    other = Crew(spec(0), 2, "cpu")
    other.load(claim(0, state=progress[spec(0).digest].state))
    resumed = finish(other)[spec(0).digest]
    assert resumed == undisturbed
    assert weights(resumed).keys() == weights(undisturbed).keys()
