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
ROWS = (
    Row(
        "M7",
        "Skip connections through time",
        "skip-connections",
        ("m07_skip_connections",),
        ("delta_norm", "memory_curve"),
        (CELLS,),
    ),
    Row(
        "M8",
        "Removed connections",
        "removed-connections",
        ("m08_removed_connections",),
        ("delta_norm", "memory_curve"),
        (CELLS,),
    ),
    Row("M9", "Leaky units", "leaky-units", ("m09_leaky_units",), ("delta_norm", "memory_curve"), (CELLS,)),
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
        ("group_gradient_share", "delta_norm"),
        (f"{CORE}/cells/test_rnn.py", CELLS),
    ),
    Row(
        "M18",
        "Gated cells",
        "gates",
        ("m18_gates",),
        ("gate_mean", "lyapunov_exponents", "delta_norm"),
        (f"{CORE}/cells/test_lstm.py", f"{CORE}/cells/test_gru.py", f"{CORE}/cells/test_mgu.py"),
    ),
    Row(
        "M19",
        "Regularized information flow",
        "omega",
        ("m19_omega",),
        ("omega", "omega_gradient_norm", "delta_norm"),
        (f"{CORE}/regularizers/test_omega.py",),
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
