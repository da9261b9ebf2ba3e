"""A training run by torch alone: torch.nn.RNN, autograd and torch.optim, one sequence length at a time, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from ltd_core.engine import weights
from ltd_core.engine.layout import Layout
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key
from tests.ltd_core.training import alone, small

UPDATES = 30
Clip = "Callable[[torch.Tensor], tuple[torch.Tensor, float]]"


@dataclass
class Traces:
    """What is measured at every update, and the weights after the last one."""

    measured: dict[str, list[Any]] = field(default_factory=dict)
    weights: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    def add(self, **numbers: Any) -> None:
        for name, number in numbers.items():
            self.measured.setdefault(name, []).append(number)

    def array(self, name: str) -> np.ndarray[Any, Any]:
        return np.array(self.measured[name])


def run_of(**changes: Any) -> Training:
    """Return a run of 30 updates without evaluations."""
    return small(**{"updates": UPDATES, "dtype": "float64", "evaluation": {"every": 0}} | changes)


def clip_of(spec: Training) -> Clip:
    """Return the rule of a specification, written out anew."""
    rule = spec.full()["clipping"]

    def clip(gradient: torch.Tensor) -> tuple[torch.Tensor, float]:
        if rule["kind"] == "none":
            return gradient, 0.0
        limit = rule["threshold"]
        if rule["kind"] == "value":
            return gradient.clamp(-limit, limit), float((gradient.abs() > limit).double().mean())
        norm = float(gradient.norm())
        return (gradient * (limit / norm), 1.0) if norm > limit else (gradient, 0.0)

    return clip


def optimizer_of(spec: Training, parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
    """Return torch's own."""
    s = spec.full()["optimizer"]
    if s["kind"] == "rmsprop":
        return torch.optim.RMSprop(parameters, s["lr"], s["decay"], s["epsilon"])
    if s["kind"] == "adam":
        return torch.optim.Adam(parameters, s["lr"], (s["first_decay"], s["second_decay"]), s["epsilon"])
    return torch.optim.SGD(parameters, s["lr"], s["momentum"])


def factor_of(spec: Training) -> Callable[[int], float]:
    """Return the schedule of the learning rate, written out anew, by the updates made."""
    s = spec.full()["optimizer"]["schedule"]
    factors: dict[str, Callable[[int], float]] = {
        "constant": lambda _made: 1.0,
        "exponential": lambda made: math.exp(-math.log(2.0) * made / s["half_life"]),
        "inverse": lambda made: s["half_life"] / (s["half_life"] + made),
        "cosine": lambda made: (
            s["last"] + (1 - s["last"]) * math.cos(math.pi / 2 * min(made, s["duration"]) / s["duration"]) ** 2
        ),
    }
    return factors[s["kind"]]


def loss_of(spec: Training, outputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of a minibatch, and the share of wrong answers."""
    within = spec.problem.right_within
    if within is None:
        loss, wrong = torch.nn.functional.cross_entropy(outputs, targets), outputs.argmax(1) != targets
    else:
        loss, wrong = torch.nn.functional.mse_loss(outputs, targets), (outputs - targets).abs().amax(1) >= within
    return loss, wrong.double().mean()


@cache
def by_torch(spec: Training) -> Traces:
    """Train by torch, in one thread as the engine does, and return what it measured."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _by_torch(spec)
    finally:
        torch.set_num_threads(threads)


def _by_torch(spec: Training) -> Traces:
    layout, settings, traces = Layout(spec), spec.full(), Traces()
    first = {name: view[0] for name, view in layout.views(layout.initial(spec).unsqueeze(0)).items()}
    size, nonlinearity = settings["cell"]["hidden_size"], settings["cell"]["nonlinearity"]
    network = torch.nn.RNN(spec.problem.input_size, size, nonlinearity=nonlinearity).double()
    readout = torch.nn.Linear(size, spec.problem.output_size).double()
    names = {"W": network.weight_hh_l0, "U": network.weight_ih_l0, "b": network.bias_ih_l0}
    names |= {"V": readout.weight, "c": readout.bias}
    with torch.no_grad():
        network.bias_hh_l0.zero_()
        for name, parameter in names.items():
            parameter.copy_(first[name].t() if first[name].dim() > 1 else first[name])
    optimizer = optimizer_of(spec, list(names.values()))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor_of(spec))
    for step in range(1, settings["updates"] + 1):
        batch = spec.problem.draw(Draws.of([stream_key(spec.seed, "data")], [step]), spec.batch_size, torch.float64)
        states = [torch.zeros(1, spec.batch_size, network.hidden_size).double()]
        for x in batch.inputs[0, int(batch.starts[0]) :]:
            states.append(network(x.unsqueeze(0), states[-1])[1])
            states[-1].retain_grad()
        traces.add(spectral_radius=float(np.abs(np.linalg.eigvals(network.weight_hh_l0.detach().numpy())).max()))
        _update(spec, readout(states[-1][0]), batch.targets[0], (optimizer, list(names.values())), traces)
        schedule.step()
        norms = [float(h.grad.norm()) for h in reversed(states[1:]) if h.grad is not None]
        with np.errstate(divide="ignore"):  # exactly zero
            logs = list(np.log(norms))
        traces.add(delta_log_norm=logs + [np.nan] * (spec.problem.longest - len(logs)))
    traces.weights = {n: (p.t() if p.dim() > 1 else p).detach().numpy() for n, p in names.items()}
    return traces


def _update(
    spec: Training,
    outputs: torch.Tensor,
    targets: torch.Tensor,
    trained: tuple[torch.optim.Optimizer, list[torch.Tensor]],
    traces: Traces,
) -> None:
    optimizer, parameters = trained
    loss, wrong = loss_of(spec, outputs, targets)
    optimizer.zero_grad()
    loss.backward()
    flat = torch.cat([p.grad.detach().flatten() for p in parameters if p.grad is not None])
    clipped, share = clip_of(spec)(flat)
    lr = float(optimizer.param_groups[0]["lr"])
    for parameter, part in zip(parameters, clipped.split([p.numel() for p in parameters]), strict=True):
        parameter.grad = part.view_as(parameter)
    optimizer.step()
    traces.add(loss=loss.item(), error_rate=float(wrong), clipped_share=share)
    lengths, product = float(flat.norm()), sum(a * b for a, b in zip(flat.tolist(), clipped.tolist(), strict=True))
    traces.add(gradient_norm=lengths, clipped_gradient_norm=float(clipped.norm()))
    traces.add(clipped_cosine=product / (lengths * float(clipped.norm())), descent=lr * product)


@cache
def by_engine(spec: Training) -> Traces:
    """Train by the engine and return what it measured."""
    mine = Traces()
    for progress in alone(spec):
        for block in progress.blocks:
            for value in block.values:
                mine.add(**{block.name: value})
        mine.weights = weights(progress.state)
    return mine


def both(spec: Training) -> tuple[Traces, Traces]:
    """Return what the engine measured, and what torch did."""
    return by_engine(spec), by_torch(spec)


CLIPPINGS = [{"kind": "none"}, {"kind": "norm", "threshold": 0.3}, {"kind": "value", "threshold": 0.02}]


def check(trace: str, **changes: Any) -> None:
    """Compare one trace of every clipping rule on both problems."""
    for problem in ("temporal_order", "adding"):
        for clipping in CLIPPINGS:
            spec = run_of(problem={"kind": problem, "length": [12, 20]}, clipping=clipping, **changes)
            mine, theirs = both(spec)
            np.testing.assert_allclose(mine.array(trace), theirs.array(trace), rtol=1e-9, atol=1e-12)


def check_weights(**changes: Any) -> None:
    """Compare the weights after the last update."""
    compare_weights(*both(run_of(**changes)))


def compare_weights(mine: Traces, theirs: Traces) -> None:
    """Compare weights, name by name."""
    assert mine.weights.keys() == theirs.weights.keys()
    for name, value in theirs.weights.items():
        np.testing.assert_allclose(mine.weights[name], value, rtol=1e-10, atol=1e-13)


def example_gradients(spec: Training, row: torch.Tensor, stream: str, step: int) -> list[torch.Tensor]:
    """Return the gradient of every example of a minibatch of an rnn, by a loop and autograd."""
    batch = spec.problem.draw(Draws.of([stream_key(spec.seed, stream)], [step]), spec.batch_size, torch.float64)
    found = []
    for b in range(spec.batch_size):
        leaf = row.clone().requires_grad_()
        w = {name: view[0] for name, view in Layout(spec).views(leaf.unsqueeze(0)).items()}
        h = torch.zeros(spec.cell.hidden_size, dtype=torch.float64)
        for x in batch.inputs[0, int(batch.starts[0]) :, b]:
            h = torch.tanh(h @ w["W"] + x @ w["U"] + w["b"])
        loss = torch.nn.functional.cross_entropy((h @ w["V"] + w["c"]).unsqueeze(0), batch.targets[0, b : b + 1])
        found.append(torch.autograd.grad(loss, leaf)[0])
    return found
