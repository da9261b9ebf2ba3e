"""Every cell once more, slowly: a loop over steps in torch, differentiated by autograd, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import STARTS, STEPS, Case, functional
from tests.ltd_core.oracle import loss_of

Weights = dict[str, "torch.Tensor"]
States = tuple["torch.Tensor", ...]
Seen = Sequence[States]
"""The states of a layer up to a step, first those at the start."""
Path = list[list[States]]
"""Of each layer, the states after every step, h first."""

FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "tanh": lambda x: x.tanh(),
    "relu": torch.relu,
    "identity": lambda x: x,
}


def of_group(values: Sequence[float], units: int) -> list[float]:
    """Return each unit's value of its group's; groups are equal parts."""
    return [values[unit * len(values) // units] for unit in range(units)]


def _rnn(cell: dict[str, Any], w: Weights, past: torch.Tensor, x: torch.Tensor, seen: Seen) -> States:
    h, t, scale = seen[-1][0], len(seen) - 1, cell["time_scale"]["kind"]
    clock = of_group(cell["state_periods"] or [1], h.shape[1])
    reaches = torch.tensor([[float(own >= other) for other in clock] for own in clock]).double()  # [from, to]
    matrices = w["W"] * reaches.repeat(len(cell["delays"]), 1)
    value = FUNCTIONS[cell["nonlinearity"]](past @ matrices + x @ w["U"] + w["b"])
    if scale != "none":
        alpha = 1 / (1 + torch.exp(-w["alpha_logit"])) if scale == "learned" else w["alpha"].detach()
        value = alpha * h + (1 - alpha) * value
    return (torch.where(torch.tensor([t % period == 0 for period in clock]), value, h),)


def _lstm(cell: dict[str, Any], w: Weights, past: torch.Tensor, x: torch.Tensor, seen: Seen) -> States:
    c, names = seen[-1][1], ("f", "g", "o") if cell["coupled"] else ("i", "f", "g", "o")
    sums = dict(zip(names, (past @ w["W"] + x @ w["U"] + w["b"]).chunk(len(names), 1), strict=True))
    see = {name: w[f"p_{name}"] if cell["peephole"] else 0.0 for name in names if name != "g"}
    forget = torch.sigmoid(sums["f"] + see["f"] * c)
    let_in = 1 - forget if cell["coupled"] else torch.sigmoid(sums["i"] + see["i"] * c)
    memory = forget * c + let_in * sums["g"].tanh()
    return torch.sigmoid(sums["o"] + see["o"] * memory) * memory.tanh(), memory


def _gru(_cell: dict[str, Any], w: Weights, past: torch.Tensor, x: torch.Tensor, seen: Seen) -> States:
    (n_h, r_h, z_h), (r_x, z_x, n_x) = (past @ w["W"]).chunk(3, 1), (x @ w["U"]).chunk(3, 1)
    b_h, b_r, b_z, b_x = w["b"].chunk(4)
    reset, keep = torch.sigmoid(r_h + r_x + b_r), torch.sigmoid(z_h + z_x + b_z)
    return ((1 - keep) * torch.tanh(n_x + b_x + reset * (n_h + b_h)) + keep * seen[-1][0],)


def _mgu(_cell: dict[str, Any], w: Weights, past: torch.Tensor, x: torch.Tensor, seen: Seen) -> States:
    (n_h, f_h), (f_x, n_x) = (past @ w["W"]).chunk(2, 1), (x @ w["U"]).chunk(2, 1)
    b_h, b_f, b_x = w["b"].chunk(3)
    forget = torch.sigmoid(f_h + f_x + b_f)
    return ((1 - forget) * seen[-1][0] + forget * torch.tanh(n_x + b_x + forget * (n_h + b_h)),)


CELLS: dict[str, Callable[..., States]] = {"rnn": _rnn, "lstm": _lstm, "gru": _gru, "mgu": _mgu}


def one_step(
    cell: dict[str, Any], weights: Mapping[str, torch.Tensor], layer: int, seen: Seen, x: torch.Tensor
) -> States:
    """Return the states of a layer after a step; `seen` are all before it, first those at the start."""
    end, t = str(layer + 1) if layer else "", len(seen) - 1
    names = ("W", "U", "b", "alpha", "alpha_logit", "p_i", "p_f", "p_o")
    own = {name: weights[f"{name}{end}"] for name in names if f"{name}{end}" in weights}
    nothing = torch.zeros_like(seen[0][0])
    past = torch.cat([seen[t + 1 - delay][0] if t + 1 >= delay else nothing for delay in cell["delays"]], 1)
    return CELLS[cell["kind"]](cell, own, past, x, seen)


def path(cell: dict[str, Any], weights: Mapping[str, torch.Tensor], inputs: torch.Tensor) -> Path:
    """Return the states of sequences [T, B, I] from their first step on; every h keeps its gradient."""
    found: Path = []
    for layer in range(cell["layers"]):
        nothing = inputs.new_zeros(inputs.shape[1], cell["hidden_size"])
        seen: list[States] = [(nothing, nothing) if cell["kind"] == "lstm" else (nothing,)]
        for x in inputs:
            seen.append(one_step(cell, weights, layer, seen, x))
            if seen[-1][0].requires_grad:
                seen[-1][0].retain_grad()
        found.append(seen[1:])
        inputs = torch.stack([states[0] for states in seen[1:]])
    return found


def delta_norms(found: Path) -> torch.Tensor:
    """Return the norm of what reached the states of all layers by lag, after a way back."""
    grads = [[states[0].grad for states in layer] for layer in found]
    return torch.stack(
        [torch.stack([g for g in step if g is not None]).norm() for step in zip(*grads, strict=True)][::-1]
    )


def check_against_plain(cell: dict[str, Any], batch_size: int, network: str, problem: str = "temporal_order") -> None:
    """Compare loss, error rate, every gradient and every delta with the loop's."""
    case = Case(cell, batch_size, problem)
    loss, error_rate, gradient, norms = case.train(network)
    for lane, start in enumerate(STARTS):
        row = case.rows[lane : lane + 1].clone().requires_grad_()
        weights = {name: view[0] for name, view in case.layout.views(row).items()}
        found = path(case.spec.full()["cell"], weights, case.batch.inputs[lane, start:])
        made, wrong = loss_of(case.spec, found[-1][-1][0] @ weights["V"] + weights["c"], case.batch.targets[lane])
        made.backward()
        assert row.grad is not None
        theirs = (made.detach(), wrong, row.grad[0][case.trained], delta_norms(found))
        mine = (loss[lane], error_rate[lane], gradient[lane][case.trained], norms[lane, : STEPS - start])
        for one, other in zip(mine, theirs, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-13)


def check_against_stack(
    case: Case, network: str, stack: torch.nn.Module, names: Callable[[Weights, str, int], Weights]
) -> None:
    """Compare loss, error rate and gradients of several layers with torch's own; `names` are torch's, by layer."""
    loss, error_rate, gradient, _ = case.train(network)
    for lane, start in enumerate(STARTS):
        row = case.rows[lane : lane + 1].clone().requires_grad_()
        weights = {name: view[0] for name, view in case.layout.views(row).items()}
        layers = [names(weights, str(k + 1) if k else "", k) for k in range(case.cell["layers"])]
        theirs = {name: value for layer in layers for name, value in layer.items()}
        outputs, _ = functional(stack, theirs, case.batch.inputs[lane, start:])
        made, wrong = loss_of(case.spec, outputs[-1] @ weights["V"] + weights["c"], case.batch.targets[lane])
        made.backward()
        found = (made.detach(), wrong, row.grad[0]) if row.grad is not None else ()
        for one, other in zip((loss[lane], error_rate[lane], gradient[lane]), found, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-13)
