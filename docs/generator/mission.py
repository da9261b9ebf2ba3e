"""The rows of the mission: where each is specified, traced, drawn, explained and tested."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One mechanism; files are named without their folder and ending."""

    number: str
    title: str
    page: str
    examples: tuple[str, ...]
    traces: tuple[str, ...]
    tests: tuple[str, ...]


CELLS, CORE = "tests/ltd_core/cells/test_identities.py", "tests/ltd_core"
EXPERIMENTS, CLIPPING = f"{CORE}/experiments", f"{CORE}/clipping"
ROWS = (
    Row(
        "M1",
        "Linear recurrence, forward",
        "linear-recurrence",
        ("m01_linear_recurrence",),
        ("state_norm", "state_component", "eigenvalues"),
        (f"{EXPERIMENTS}/test_linear_recurrence.py",),
    ),
    Row(
        "M2",
        "Linear recurrence, backward",
        "linear-gradient",
        ("m02_linear_gradient",),
        ("gradient_norm_back", "gradient_component"),
        (f"{EXPERIMENTS}/test_linear_recurrence.py",),
    ),
    Row(
        "M3",
        "Non-linearity and bias",
        "nonlinearity",
        ("m03_nonlinear_recurrence",),
        ("state_largest", "jacobian_norm_back", "gradient_norm_back"),
        (f"{EXPERIMENTS}/test_nonlinear_recurrence.py",),
    ),
    Row(
        "M4",
        "Depth without recurrence",
        "depth",
        ("m04_weight_product",),
        ("log_size_mean", "log_size_quantile", "size_variance"),
        (f"{EXPERIMENTS}/test_weight_product.py",),
    ),
    Row(
        "M5",
        "One function composed many times",
        "composition",
        ("m05_composition",),
        ("curve", "curve_length", "turning"),
        (f"{EXPERIMENTS}/test_composition.py",),
    ),
    Row(
        "M6",
        "How often, and how bad",
        "how-often",
        ("m06_gradient_census", "m06_loss_cliff"),
        ("gradient_rate", "loss_surface", "path_plain", "path_clipped"),
        (f"{EXPERIMENTS}/test_gradient_census.py", f"{EXPERIMENTS}/test_loss_cliff.py"),
    ),
    Row(
        "M7",
        "Skip connections through time",
        "skip-connections",
        ("m07_skip_connections",),
        ("delta_log_norm", "memory_curve"),
        (CELLS,),
    ),
    Row(
        "M8",
        "Removed connections",
        "removed-connections",
        ("m08_removed_connections",),
        ("delta_log_norm", "memory_curve"),
        (CELLS,),
    ),
    Row("M9", "Leaky units", "leaky-units", ("m09_leaky_units",), ("delta_log_norm", "memory_curve"), (CELLS,)),
    Row(
        "M10",
        "Leaky units against skip connections",
        "leaky-against-skip",
        ("m10_leaky_against_skip",),
        ("memory_curve",),
        (CELLS, f"{CORE}/probes/test_memory_curve.py"),
    ),
    Row(
        "M11",
        "Where time constants come from",
        "time-constants",
        ("m11_learned_time_constants",),
        ("time_constant",),
        (f"{CORE}/time_scales/test_learned.py", f"{CORE}/probes/test_time_constant.py"),
    ),
    Row(
        "M12",
        "Groups at different time scales",
        "groups",
        ("m12_groups_of_time_scales", "m12_parameter_update_periods", "m12_clockwork"),
        ("group_gradient_share", "delta_log_norm"),
        (f"{CORE}/cells/test_rnn.py", CELLS),
    ),
    Row(
        "M13",
        "Clipping each element",
        "value-clipping",
        ("m13_value_clipping",),
        ("clipped_share", "clipped_gradient_norm"),
        (f"{CLIPPING}/test_value.py", f"{CLIPPING}/test_rule.py"),
    ),
    Row(
        "M14",
        "Clipping the norm",
        "norm-clipping",
        ("m14_norm_clipping", "m14_growing_curvature"),
        ("gradient_norm", "clipped_gradient_norm", "clipped_share", "best_clipped_steps"),
        (
            f"{CLIPPING}/test_norm.py",
            f"{CLIPPING}/test_layer_norm.py",
            f"{CLIPPING}/test_quantile.py",
            f"{EXPERIMENTS}/test_growing_curvature.py",
        ),
    ),
    Row(
        "M15",
        "Random step",
        "random-step",
        ("m15_random_step", "m15_escape"),
        ("gradient_norm", "clipped_share", "escaped_share"),
        (f"{CLIPPING}/test_random.py", f"{EXPERIMENTS}/test_escape.py"),
    ),
    Row(
        "M16",
        "Clipping rules compared",
        "rules",
        ("sweeps/m16_rules",),
        ("clipped_cosine", "descent"),
        (
            "tests/services/comparison/test_pairs.py",
            f"{CLIPPING}/test_rule.py",
            f"{CORE}/probes/test_clipped_cosine.py",
            f"{CORE}/probes/test_descent.py",
        ),
    ),
    Row(
        "M17",
        "Clipping and minibatches",
        "clipping-bias",
        ("m17_clipping_bias", "sweeps/m17_bias", "m17_stationary_point"),
        ("bias_norm", "bias_norm_error", "bias_cosine", "bias_clipped_share", "stationary_bias"),
        (
            f"{EXPERIMENTS}/test_bias_surface.py",
            f"{EXPERIMENTS}/test_clipping_bias.py",
            f"{EXPERIMENTS}/test_stationary_point.py",
        ),
    ),
    Row(
        "M18",
        "Gated cells",
        "gates",
        ("m18_gates",),
        ("gate_mean", "lyapunov_exponents", "delta_log_norm"),
        (f"{CORE}/cells/test_lstm.py", f"{CORE}/cells/test_gru.py", f"{CORE}/cells/test_mgu.py"),
    ),
    Row(
        "M19",
        "Regularized information flow",
        "omega",
        ("m19_omega",),
        ("omega", "omega_gradient_norm", "delta_log_norm"),
        (f"{CORE}/regularizers/test_omega.py",),
    ),
    Row(
        "M20",
        "Where regularizing falls short",
        "language",
        ("m20_language",),
        ("evaluation_loss", "delta_log_norm"),
        (f"{CORE}/problems/test_characters.py",),
    ),
)


def table() -> str:
    """Return docs/mechanisms/README.md."""
    lines = [
        "# Mechanisms",
        "",
        "Each row is an experiment to post (`ltd run docs/examples/NAME.json --watch`), what it leaves in the store,",
        "the page that explains it with a figure of our own, and the tests that hold it to its mathematics.",
        "Made by `make docs`.",
        "",
        "| | Mechanism | Specification | Traces | Figure | Tests |",
        "|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        examples = "<br>".join(f"[{name}](../examples/{name}.json)" for name in row.examples)
        traces = ", ".join(f"`{name}`" for name in row.traces)
        tests = "<br>".join(f"[{name.rpartition('/')[2]}](../../{name})" for name in row.tests)
        figure = f"[figure](../images/{row.page}.png)"
        lines.append(f"| {row.number} | [{row.title}]({row.page}.md) | {examples} | {traces} | {figure} | {tests} |")
    return "\n".join(lines) + "\n"
