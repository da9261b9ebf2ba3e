"""Metrics: the figures by which runs are compared."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """A number of a run's summary; None where it has no meaning for the run."""

    name: str
    unit: str
    better: Literal["lower", "higher"] | None
    """None where neither more nor less of it is better, such as a gradient's norm."""
    description: str
    yes_or_no: bool = False
    """A run has 0 or 1: what runs have together is a rate."""


RECENT = 100
"""Updates over which "final" figures are averaged."""
EXPLOSION, EXPLOSION_AFTER = 10.0, 10
"""A gradient explodes above this multiple of the mean norm before it, from this many updates on."""

_ALL = (
    Metric(
        "success", "share", "higher", "1 when an evaluation found the problem solved, 0 when none did.", yes_or_no=True
    ),
    Metric("updates_to_success", "updates", "lower", "The update after which the problem was first found solved."),
    Metric("evaluation_error", "share", "lower", "Error rate of the last evaluation on fresh sequences."),
    Metric("best_evaluation_error", "share", "lower", "Lowest error rate of an evaluation on fresh sequences."),
    Metric("final_loss", "loss", "lower", f"Mean training loss of the last {RECENT} updates."),
    Metric("final_error", "share", "lower", f"Mean training error rate of the last {RECENT} updates."),
    Metric("best_loss", "loss", "lower", "Lowest training loss of a minibatch."),
    Metric("best_error", "share", "lower", "Lowest training error rate of a minibatch."),
    Metric("clipped_share", "share", None, "Mean share of the gradient that clipping changed."),
    Metric(
        "clipped_cosine_mean",
        "cosine",
        "higher",
        "Mean cosine of the gradient before and after clipping, where the observation asks for it.",
    ),
    Metric(
        "descent_mean",
        "loss",
        "higher",
        "Mean of the first-order decrease of the loss by a step along the clipped gradient, where the observation asks "
        "for it.",
    ),
    Metric("gradient_norm_mean", "norm", None, "Mean gradient norm before clipping, over updates where it is finite."),
    Metric("gradient_norm_max", "norm", None, "Largest finite gradient norm before clipping."),
    Metric(
        "explosions",
        "updates",
        "lower",
        f"Updates whose gradient norm is {EXPLOSION:g} times the mean of all before it, or not finite.",
    ),
    Metric(
        "delta_earliest",
        "norm",
        None,
        "Mean |delta| at the earliest time step of a sequence; none where that is beyond a float's range.",
    ),
    Metric(
        "delta_log_earliest",
        "nats",
        None,
        "ln of the mean |delta| at the earliest time step of a sequence; -inf where all of it is exactly zero.",
    ),
    Metric(
        "delta_slope",
        "nats per time step",
        None,
        "Mean growth of ln |delta| per step back in time, over the whole sequence; -inf where it ends as zero.",
    ),
    Metric(
        "growth_rate",
        "nats per step",
        None,
        "Mean growth of a logarithmic norm per step, of an experiment without training; -inf where it ends as zero.",
    ),
    Metric("gradient_growth_rate", "nats per step", None, "The same, of the gradient in the backward pass."),
    Metric("transient_growth", "ratio", None, "Largest norm on the way over the first."),
    Metric("vanishing_share", "share", "lower", "Share of random nets whose gradient vanishes."),
    Metric("exploding_share", "share", "lower", "Share of random nets whose gradient explodes."),
    Metric("curve_length", "length", None, "Length of the curve that a line has become at the last depth."),
    Metric("largest_step", "norm", None, "Longest step of gradient descent without clipping."),
    Metric("loss_after_clipping", "loss", "lower", "Loss at the end of the path with clipping."),
    Metric("bias_norm", "norm", "lower", "Norm of the mean clipped gradient less the clipped true gradient."),
    Metric("bias_cosine", "cosine", "higher", "Cosine of the mean clipped gradient and the true gradient."),
    Metric("bias_norm_ratio", "ratio", None, "Norm of the mean clipped gradient over the clipped true one's."),
    Metric(
        "stationary_bias", "place", "lower", "Distance of clipped SGD's rest from the minimum, at the first threshold."
    ),
    Metric(
        "clipping_speedup", "ratio", "higher", "Fewest steps without clipping over fewest with it, at the last start."
    ),
    Metric("escaped_norm", "share", "higher", "Share that left a poor minimum with the norm clipped, first threshold."),
    Metric("escaped_random", "share", "higher", "Share that left a poor minimum by random steps, first threshold."),
    Metric("diverged", "share", "lower", "1 when the numbers left the finite range, else 0.", yes_or_no=True),
)
METRICS = {metric.name: metric for metric in _ALL}
