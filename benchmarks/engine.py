"""The engine alone, one process and one thread: share of peak FLOP/s, overhead of tracing, scaling with lanes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch

from benchmarks.peers.setting import Setting
from benchmarks.peers.torch_rnn import trial
from benchmarks.result import Result, compared, interleaved
from ltd_core.engine import Calibration, Pack
from ltd_core.engine.for_experiments import example_gradients
from ltd_core.engine.layout import Layout
from ltd_core.engine.recorder import Recorder
from ltd_core.experiments.bias_surface import measured
from ltd_core.experiments.training import Training
from ltd_core.kernels import network
from ltd_core.kernels.norm import Norm
from ltd_core.spec import parse_spec

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
PEAK_SIZE = 2048
REPETITIONS = 7


def spec(setting: Setting, seed: int, updates: int) -> Training:
    """Return a run of a setting."""
    return parse_spec(
        {
            "problem": {"kind": "temporal_order", "length": setting.length},
            "cell": {"kind": setting.cell, "hidden_size": setting.hidden_size},
            "clipping": {"kind": "norm"},
            "evaluation": {"every": 0},
            "batch_size": setting.batch_size,
            "updates": updates,
            "seed": seed,
        }
    )


class Engine:
    """A pack whose lanes never end; `seconds(updates)` times all of them."""

    def __init__(self, setting: Setting, lanes: int = 0) -> None:
        first = spec(setting, 0, 10**6)
        self.lanes = lanes or Calibration().lanes_for(first, "cpu")
        self._pack = Pack(first, self.lanes)
        for lane in range(self.lanes):
            self._pack.load(lane, spec(setting, lane, 10**6))
        self._pack.advance()

    def seconds(self, updates: int) -> float:
        """Return the seconds that `updates` updates of every lane take, in one thread, block by block."""
        threads, elapsed = torch.get_num_threads(), 0.0
        torch.set_num_threads(1)
        for first in range(0, updates, self._pack._block):  # noqa: SLF001 - advance() would add the recording
            elapsed += self._part(min(self._pack._block, updates - first))  # noqa: SLF001
        torch.set_num_threads(threads)
        return elapsed

    def _part(self, updates: int) -> float:
        """Return the seconds of at most one block of updates, and discard the block."""
        stepper = self._pack._stepper  # noqa: SLF001
        assert stepper is not None
        with torch.no_grad():
            start = time.perf_counter()
            stepper.run(updates)
            elapsed = time.perf_counter() - start
        for lane in self._pack._active:  # noqa: SLF001
            lane.block_start = lane.step
            lane.periodic.clear()
        return elapsed


def flops(setting: Setting) -> float:
    """Return the FLOPs of the matrix products of one update of one lane: forward, deltas, gradients."""
    into, size = GATES[setting.cell] * setting.hidden_size, setting.hidden_size
    states = 3 * setting.length * setting.batch_size * into * size
    return 2.0 * (states + 2 * setting.length * setting.batch_size * into * 6)


def peak() -> float:
    """Return the FLOP/s of a large matrix product by torch in one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    a, b = torch.randn(2, PEAK_SIZE, PEAK_SIZE).unbind()
    out = torch.empty_like(a)
    torch.mm(a, b, out=out)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        torch.mm(a, b, out=out)
        seconds.append(time.perf_counter() - start)
    torch.set_num_threads(threads)
    return float(2 * PEAK_SIZE**3 / min(seconds))


def peak_share(name: str, setting: Setting) -> list[Result]:
    """Compare the FLOP/s of a whole update with that of torch's large product, measured in turn."""
    engine, pairs = Engine(setting), []
    updates = max(2, int(2e10 / flops(setting) / engine.lanes))
    for _ in range(REPETITIONS):
        elapsed = engine.seconds(updates)
        pairs.append((flops(setting) * engine.lanes * updates / elapsed / 1e9, peak() / 1e9))
    ratios = sorted(mine / most for mine, most in pairs)
    bias = (
        "Products alone are counted, the time is that of the whole update with every trace. The peak is torch's own "
        f"product of {PEAK_SIZE} x {PEAK_SIZE}; above 1, our machine code uses wider vectors than its library here."
    )
    spread = f"share {ratios[0]:.2f} to {ratios[-1]:.2f} over {REPETITIONS} interleaved pairs"
    mine, most = (median(side) for side in zip(*pairs, strict=True))
    return [Result(name, mine, most, median(ratios), "GFLOP/s", f"make bench ONLY={name}", bias, spread)]


PARTS: dict[str, tuple[type, tuple[str, ...]]] = {
    "delta_log_norm": (Norm, ("begin", "add", "end")),
    "records": (Recorder, ("record",)),
    "spectral_radius": (Recorder, ("record_weights",)),
}
"""What to stub out: norms in the machine code, points of every update, periodic measurements."""


@contextmanager
def without(*parts: str) -> Iterator[None]:
    """Stub out some measurements in the packs that are made and run in this context."""
    originals = [
        (owner, method, getattr(owner, method)) for part in parts for owner, names in [PARTS[part]] for method in names
    ]
    network.train_kernel.cache_clear()
    for owner, method, _ in originals:
        setattr(owner, method, lambda *_: None)
    try:
        yield
    finally:
        for owner, method, original in originals:
            setattr(owner, method, original)
        network.train_kernel.cache_clear()


def cost(name: str, *parts: str) -> list[Result]:
    """Compare the engine that traces everything with one that leaves some measurements out."""
    setting, updates = Setting(), 50
    with without(*parts):
        plain = Engine(setting, 8)
    traced = Engine(setting, 8)

    def untraced(_: int) -> float:
        with without(*parts):
            return plain.seconds(updates)

    seconds = interleaved(lambda _: traced.seconds(updates), untraced, repetitions=61)
    bias = (
        f"Ours: every probe of the anchor run (50 tanh units, T 100, B 20). Theirs: the same engine without "
        f"{', '.join(parts)}. 1 / ratio - 1 is the cost; storing is not part of it."
    )
    return [compared(name, seconds, bias)]


def grid() -> list[Result]:
    """Compare one process of ours with one of torch, by cell, width and length."""
    results = []
    for cell in GATES:
        for hidden_size in (32, 50, 128, 512):
            for length in (50, 100, 400):
                setting = Setting(cell, hidden_size, length)
                results.append(_against_torch(setting))
    return results


def _against_torch(setting: Setting) -> Result:
    engine = Engine(setting)
    updates = max(1, int(1e10 / flops(setting) / engine.lanes))
    theirs = max(1, updates // 2)

    def torchs(seed: int) -> float:
        start = time.perf_counter()
        trial(setting._replace(updates=theirs), seed, 0.05, 1.0)
        return (time.perf_counter() - start) / theirs

    seconds = interleaved(lambda _: engine.seconds(updates) / updates / engine.lanes, torchs, repetitions=3)
    bias = "Seconds of one update of one run, one process, one thread each; ours with every trace, theirs with none."
    return compared(f"grid_{setting.cell}_H{setting.hidden_size}_T{setting.length}", seconds, bias)


def growth() -> list[Result]:
    """Measure one update of one lane for several pack sizes; the peer is a pack of one."""
    results = []
    for lanes in (2, 4, 8, 16, 32):
        one, many = Engine(Setting(), 1), Engine(Setting(), lanes)

        def alone(_: int, one: Engine = one) -> float:
            return one.seconds(50) / 50

        def packed(_: int, many: Engine = many, lanes: int = lanes) -> float:
            return many.seconds(50) / 50 / lanes

        bias = "Seconds of one update of one lane in a full pack, against a pack of one; one thread, every trace."
        results.append(compared(f"lanes_{lanes}", interleaved(packed, alone, repetitions=9), bias))
    return results


def bias_surface() -> list[Result]:
    """Compare a surface of 12 thresholds x 6 batch sizes, gradients included, with the gradients alone."""
    setting = {"experiment": "clipping_bias", "problem": {"kind": "temporal_order", "length": 50}, "examples": 4096}
    training = parse_spec(setting).training(1)
    row = Layout(training).initial(training).float()
    limits = torch.tensor(THRESHOLDS, dtype=torch.float64)

    def gradients(_: int) -> float:
        start = time.perf_counter()
        example_gradients(training, row, 4096)
        return time.perf_counter() - start

    def surface(_: int) -> float:
        start = time.perf_counter()
        measured(example_gradients(training, row, 4096), limits, (1, 4, 16, 64, 256, 1024), "norm")
        return time.perf_counter() - start

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    seconds = interleaved(surface, gradients, repetitions=9)
    torch.set_num_threads(threads)
    bias = (
        "Ours: 12 thresholds x 6 batch sizes and the gradients of 4,096 examples (50 tanh units, T 50). Theirs: these "
    )
    return [
        compared("bias_surface_cost", seconds, bias + "gradients alone, by the same engine; 0.5 is twice their time.")
    ]


THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0, 3.0, 5.0)

BENCHMARKS: dict[str, Any] = {
    "bias_surface_cost": bias_surface,
    "peak_share_50": lambda: peak_share("peak_share_50", Setting(hidden_size=50)),
    "peak_share_128": lambda: peak_share("peak_share_128", Setting(hidden_size=128)),
    "trace_cost": lambda: cost("trace_cost", *PARTS),
    **{f"cost_{part}": lambda part=part: cost(f"cost_{part}", part) for part in PARTS},
    "lanes": growth,
    "grid": grid,
}
