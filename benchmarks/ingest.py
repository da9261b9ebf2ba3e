"""Writes: points per second through the worker's write path, and runs created over REST, against trackers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np
import orjson

from benchmarks.peers.trackers import VERSIONS, Json, Tracker, served
from benchmarks.result import Result, compared, interleaved, quicker, within
from benchmarks.stores import served as served_by_us
from benchmarks.stores import store
from ltd_client.sdk import Lab
from ltd_core.outcome import Progress
from ltd_core.spec import RunSpec, parse_spec
from ltd_core.trace import TraceBlock
from services.database.engine import Database
from services.runs import lifecycle, submission

LANES, POINTS = 8, 512
TRACES = (
    *("loss", "error_rate", "gradient_norm", "clipped_gradient_norm", "clipped_share", "gate_input_mean"),
    *("gate_forget_mean", "gate_output_mean", "saturation", "omega", "omega_gradient_norm", "time_constant"),
)
SECONDS, REPETITIONS, SWEEPS, RUNS_OF_A_SWEEP = 3.0, 5, 7, 10_000
BATCHES = (1000, 5000, 20_000)
STATE = np.random.default_rng(1).bytes(32_768)
"""About the size of the weights and optimizer state of a network of 50 units."""
_seeds = itertools.count()
EACH = 30
CONTRACT: Json = {
    "experiment": "training",
    "problem": {"kind": "temporal_order", "length": 100},
    "cell": {"kind": "rnn", "hidden_size": 50, "nonlinearity": "tanh"},
    "initialization": {"kind": "spectral", "radius": 0.95},
    "regularizer": {"kind": "none"},
    "clipping": {"kind": "norm", "threshold": 1.0},
    "optimizer": {"kind": "sgd", "lr": 0.01},
    "batch_size": 20,
    "updates": 1000,
}
MADE = {
    "create_run": "the specification that stands in the contract, each with another seed",
    "create_run_sdk": "the same specification, each with another seed",
    "create_run_unlike": "the same specification, each with another learning rate",
    "create_run_settings": "a specification with every setting written out, each with another seed",
}


def specification(**changes: Any) -> RunSpec:
    """Return a specification with a seed of its own."""
    return parse_spec({"problem": {"kind": "temporal_order"}, "updates": 1_000_000, "seed": next(_seeds)} | changes)


def curve(points: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return noise around a slow random walk, similar to a loss or a norm."""
    walk = np.cumsum(rng.normal(0, 0.02, points)) + rng.normal(0, 0.3, points)
    return np.exp(walk).astype(np.float32)


def our_rate(db: Database) -> float:
    """Return the points per second that a worker stores: lease check, blocks, pyramid, state, summary, commit."""
    rng = np.random.default_rng(0)
    values = [curve(POINTS, rng) for _ in range(LANES * len(TRACES))]
    submission.submit(db, [specification() for _ in range(LANES)])
    leases = [claim.lease for claim in lifecycle.claim(db, "benchmark", LANES, lease_seconds=600)]
    summary: dict[str, float | int | None] = {"final_loss": 0.5, "gradient_norm_mean": 1.0}
    start, step = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        fresh = iter(values)
        items = []
        for lease in leases:
            blocks = tuple(TraceBlock(name, step + 1, 1, next(fresh)) for name in TRACES)
            items.append((lease, Progress(step + POINTS, blocks, STATE, summary, None)))
        stored = lifecycle.record(db, items)
        assert set(stored.values()) == {lifecycle.Recorded.OK}
        step += POINTS
    return step * LANES * len(TRACES) / (time.perf_counter() - start)


def their_rate(tracker: Tracker, batch: int, seconds: float = SECONDS) -> float:
    """Return the points per second of a tracker's log-batch; the first 20 bodies are encoded beforehand."""
    run_id = tracker.create_run()
    values = curve(batch, np.random.default_rng(0)).tolist()
    bodies = [_batch(run_id, values, number) for number in range(20)]
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        body = bodies[done] if done < len(bodies) else _batch(run_id, values, done)
        tracker.send("runs/log-batch", body)
        done += 1
    return done * batch / (time.perf_counter() - start)


def _batch(run_id: str, values: list[float], number: int) -> bytes:
    steps = -(-len(values) // len(TRACES))
    metrics = [
        {"key": TRACES[i % len(TRACES)], "value": x, "timestamp": 1_700_000_000_000, "step": number * steps + i // 12}
        for i, x in enumerate(values)
    ]
    return orjson.dumps({"run_id": run_id, "metrics": metrics})


def ingest(name: str, dialect: str) -> list[Result]:
    """Compare points per second with FastTrackML's and MLflow's."""
    with store(dialect) as (db, _), served("fasttrackml") as fast, served("mlflow") as slow:
        batch = max(BATCHES, key=lambda size: their_rate(fast, size, seconds=1.0))
        our_rate(db), their_rate(slow, BATCHES[0], seconds=1.0)
        rates = [(our_rate(db), their_rate(fast, batch), their_rate(slow, BATCHES[0])) for _ in range(REPETITIONS)]
    ours, theirs, others = (list(column) for column in zip(*rates, strict=True))
    setting = (
        f"Ours: lifecycle.record on {dialect}, {LANES} lanes x {len(TRACES)} traces x {POINTS} points a "
        "record, leases checked, pyramid, state and commit included, in the worker's process. Theirs: log-batch over "
        "REST on SQLite, one connection, bodies encoded beforehand"
    )
    fasttrack = f"{setting}; FastTrackML {VERSIONS['fasttrackml']}, {batch} points a batch, the best of {BATCHES}."
    mlflow = f"{setting}; MLflow {VERSIONS['mlflow']}, {BATCHES[0]} points a batch, the most that it takes."
    return [
        quicker(name, (ours, theirs), "points/s", fasttrack),
        quicker(f"{name}_vs_mlflow", (ours, others), "points/s", mlflow),
    ]


def create_run(
    name: str, body_of_run: Callable[[], Json], *, settings: bool = False, sdk: bool = False
) -> list[Result]:
    """Compare creating one run over REST, or by our SDK; theirs without parameters, or with our settings as tags."""
    with ExitStack() as stack:
        _, ours_is = stack.enter_context(store("sqlite"))
        client = stack.enter_context(served_by_us(ours_is))
        tracker = stack.enter_context(served("fasttrackml"))
        lab = stack.enter_context(Lab(str(client.base_url)))
        post = lab.run if sdk else lambda body: client.post("/api/v1/runs", json=body).raise_for_status()

        def timed(create: Callable[[Json], object]) -> float:
            bodies = [body_of_run() for _ in range(EACH)]
            start = time.perf_counter()
            for body in bodies:
                create(body)
            return (time.perf_counter() - start) / EACH

        seconds = interleaved(
            lambda _: timed(post),
            lambda _: timed(lambda body: tracker.create_run(body if settings else None)),
            repetitions=45,
        )
    with_what = "with the same settings, as tags, which spares a second request" if settings else "without parameters"
    clients = "Our SDK and a client of theirs," if sdk else "Same client,"
    bias = (
        f"Ours: POST /runs of {MADE[name]}, queued with its first event, synced to disk before the answer, then "
        f"hinted to the broker. Theirs: runs/create of FastTrackML on SQLite, {with_what}, not synced. {clients} "
        f"kept alive, {EACH} runs a repetition; the first hundred of a fresh store are slower, ours more so."
    )
    return [compared(name, seconds, bias)]


def _seeded() -> Json:
    return CONTRACT | {"seed": next(_seeds)}


def _unlike() -> Json:
    return CONTRACT | {"optimizer": {"kind": "sgd", "lr": 0.01 + 1e-7 * next(_seeds)}}


def post_sweep(name: str, dialect: str) -> list[Result]:
    """Measure the POST of a sweep of ten thousand runs."""
    seconds = []
    with store(dialect) as (_, settings), served_by_us(settings) as client:
        for number in range(SWEEPS + 1):
            base = {"problem": {"kind": "temporal_order"}, "updates": 1000 + number}
            thresholds = [{"kind": "norm", "threshold": 0.1 * i} for i in range(1, 21)]
            axes = {"clipping": thresholds, "batch_size": list(range(1, 51))}
            request = {"name": name, "base": base, "axes": axes, "seeds": list(range(10))}
            start = time.perf_counter()
            answer = client.post("/api/v1/sweeps", json=request).raise_for_status()
            seconds.append(time.perf_counter() - start)
            assert answer.json()["new"] == RUNS_OF_A_SWEEP
    bias = (
        f"POST /sweeps of 20 thresholds x 50 batch sizes x 10 seeds on {dialect}, until the answer: each run hashed, "
        f"queued with its first event, synced to disk; {SWEEPS} sweeps, of which none was there, after a first one. "
        "Against the most that it may be."
    )
    return [within(name, seconds[1:], 1, "s", bias)]


BENCHMARKS = {
    "ingest_sqlite": lambda: ingest("ingest_sqlite", "sqlite"),
    "ingest_postgresql": lambda: ingest("ingest_postgresql", "postgresql"),
    "post_sweep_10k_sqlite": lambda: post_sweep("post_sweep_10k_sqlite", "sqlite"),
    "post_sweep_10k_postgresql": lambda: post_sweep("post_sweep_10k_postgresql", "postgresql"),
    "create_run": lambda: create_run("create_run", _seeded),
    "create_run_sdk": lambda: create_run("create_run_sdk", _seeded, sdk=True),
    "create_run_unlike": lambda: create_run("create_run_unlike", _unlike),
    "create_run_settings": lambda: create_run("create_run_settings", lambda: specification().full(), settings=True),
}
