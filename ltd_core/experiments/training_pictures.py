"""The pictures of a training run: what its mechanisms are about first."""

from __future__ import annotations

from ltd_core.cells import Cell
from ltd_core.cells.rnn import Rnn
from ltd_core.clipping import Clipping
from ltd_core.picture import Axis, Curve, Level, Numbers, Picture
from ltd_core.probes import PROBES
from ltd_core.probes.delta_log_norm import rate_of
from ltd_core.probes.probe import Observable
from ltd_core.time_scales.none import NoTimeScale
from ltd_core.told import percent, told

_UPDATE = Axis("update")
_BINS = 50


def training_pictures(spec: Observable, clipping: Clipping, solved_below: float | None) -> tuple[Picture, ...]:
    """Return how the loss falls, what clipping does, how the gradient fares through time, and what probes see.

    `solved_below` is the error rate below which the problem is solved; None where nothing is evaluated.
    """
    evaluated = solved_below is not None
    pictures = [_learning(evaluated=evaluated), *_errors(solved_below), _clipping(clipping), *_by_lag()]
    drawn = {name for picture in pictures for name in picture.traces} - {"delta_log_norm"}
    probes = [probe for name, probe in PROBES.items() if probe.applies(spec) and name not in drawn]
    pictures += [probe.picture(spec) for probe in probes]
    order = _order(spec, clipping)
    return tuple(
        sorted(pictures, key=lambda picture: order.index(picture.name) if picture.name in order else len(order))
    )


def _order(spec: Observable, clipping: Clipping) -> list[str]:
    """Return the names of pictures in the order of what this run is about."""
    cell, first = spec.cell, []
    if spec.problem.kind == "characters":
        first += ["learning"]
    if spec.regularized:
        first += ["omega", "delta_by_lag"]
    if "time_constant" in PROBES and PROBES["time_constant"].applies(spec):
        first += ["time_constant"]
    if spec.cell.groups:
        first += ["group_gradient_share"]
    if cell.delays != (1,) or _leaks(cell) or cell.step.opened:
        first += ["memory_curve", "delta_by_lag", "delta_log_norm", "gate_mean"]
    if clipping.kind != "none":
        first += ["clipping", "clipped_share"]
    usual = [
        "learning",
        "error",
        "delta_log_norm",
        "delta_by_lag",
        "clipping",
        "clipped_share",
        "clipped_cosine",
        "descent",
    ]
    return list(dict.fromkeys([*first, *usual]))


def _leaks(cell: Cell) -> bool:
    return isinstance(cell, Rnn) and not isinstance(cell.time_scale, NoTimeScale)


def _learning(*, evaluated: bool) -> Picture:
    fresh = (Curve("evaluation_loss", "step", "on fresh sequences", style="bold", hue=1),) if evaluated else ()
    return Picture(
        "learning",
        "Does it learn?",
        _UPDATE,
        Axis("loss", "log"),
        (Curve("loss", "step", "of a minibatch", style="thin"), *fresh),
        _learning_told,
    )


def _learning_told(numbers: Numbers) -> str:
    return (
        f"The loss goes from {told(numbers.point('loss', 0))} to {told(numbers.metric('final_loss'))}, the mean of the "
        "last updates."
    )


def _errors(solved_below: float | None) -> list[Picture]:
    if solved_below is None:
        return []
    layers = (
        Curve("error_rate", "step", "of a minibatch", bins=_BINS),
        Curve("evaluation_error", "step", "on fresh sequences", style="bold", hue=1),
        Level("solved below", solved_below),
    )
    return [
        Picture("error", "Does it solve the problem?", _UPDATE, Axis("wrong answers", share=True), layers, _error_told)
    ]


def _error_told(numbers: Numbers) -> str:
    when, error = numbers.metric("updates_to_success"), numbers.metric("evaluation_error")
    if when is None:
        return f"Not solved; the last evaluation found {percent(error)} of fresh sequences answered wrongly."
    return f"Solved after {when:,.0f} updates, with {percent(error)} of fresh sequences answered wrongly."


def _clipping(clipping: Clipping) -> Picture:
    threshold = getattr(clipping, "threshold", None)
    levels = (Level(f"threshold {told(threshold)}", threshold),) if isinstance(threshold, float) else ()
    clips = clipping.kind != "none"
    after = (Curve("clipped_gradient_norm", "step", "after clipping", hue=1),) if clips else ()
    return Picture(
        "clipping",
        "How long is the gradient, and how often does clipping bind?" if clips else "How long is the gradient?",
        _UPDATE,
        Axis("norm of the gradient", "log"),
        (Curve("gradient_norm", "step", "before clipping" if clips else ""), *after, *levels),
        _clipping_told if clips else PROBES["gradient_norm"].told,
    )


def _clipping_told(numbers: Numbers) -> str:
    (highest, when), mean = numbers.highest("gradient_norm"), numbers.metric("gradient_norm_mean")
    return (
        f"Clipping changed {percent(numbers.metric('clipped_share'))} of the gradient, the mean of all updates; the "
        f"longest, {told(highest)}, came at update {when:,.0f}, the mean length is {told(mean)}."
    )


def _by_lag() -> list[Picture]:
    curve = Curve("delta_log_norm", "lag", "update", by="step")
    question = "How does the gradient change on its way back?"
    return [Picture("delta_by_lag", question, Axis("steps back in time"), Axis("‖δ‖", "ln"), (curve,), _by_lag_told)]


def _by_lag_told(numbers: Numbers) -> str:
    first, last = (rate_of(numbers.line("delta_log_norm", point)) for point in (0, -1))
    if first is None or last is None:
        return ""
    return f"It changes by {told(first)} nats a step back at the first update, by {told(last)} at the last."
