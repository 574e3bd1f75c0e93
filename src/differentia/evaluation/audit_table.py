"""The audit in a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from differentia.evaluation.information import Estimate
from differentia.evaluation.rows import ProbeRow

if TYPE_CHECKING:
    from differentia.evaluation.audit import Audit

INPUT_TITLES = {"samples": "samples", "means": "means μ", "parameters": "[μ, log σ²]"}
PROBE_TITLES = {
    "logistic": "logistic",
    "neighbours": "neighbours",
    "trees": "trees",
    "mlp": "perceptron",
}


def audit_table(
    rows: Sequence[ProbeRow], control: Sequence[ProbeRow], chance: float, entropy: float
) -> Table:
    """Return the probes as a table: each form of each code, its worst case first; the control last."""
    title = f"Probes: chance {100 * chance:.1f} %, {entropy:.2f} bits in the class"
    # 80 columns, or the words of the first three would be cut.
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 0), show_edge=False)
    for title in ("code", "sees", "probe"):
        table.add_column(title, no_wrap=True)
    for title in ("acc. %", "95 % interval", "bits", "95 % interval", "trained"):
        table.add_column(title, justify="right", no_wrap=True)
    groups: dict[tuple[str, str], list[ProbeRow]] = {}
    for row in rows:
        groups.setdefault((row.code, INPUT_TITLES[row.input]), []).append(row)
    groups["z", "permuted y"] = list(control)
    for (code, title), lines in groups.items():
        for place, row in enumerate(sorted(lines, key=lambda row: -row.accuracy)):
            table.add_row(
                "" if place else code,
                "" if place else title,
                PROBE_TITLES[row.probe],
                f"{100 * row.accuracy:.1f}",
                f"{100 * row.low:.1f} … {100 * row.high:.1f}",
                f"{row.bits:.3f}",
                f"{row.bits_low:.3f} … {row.bits_high:.3f}",
                f"{row.n_train:,}",
                style=None if place else "bold",
            )
        table.add_section()
    return table


def survival_table(audit: "Audit") -> Table:
    """Return what becomes of every measurement: held in z, at most and in w, and after a swap."""
    table = Table(title="Measurements, within class", box=box.SIMPLE_HEAD, padding=(0, 0), show_edge=False)
    table.add_column("measurement", no_wrap=True)
    for title in ("R² from z", "at most", "from w, y", "swap: ρ with z's", "with w's", "own: ρ"):
        table.add_column(title, justify="right")
    for held, kept in zip(audit.collapse.recovered, audit.swap.survival, strict=True):
        figures = (held.r2_z, held.bound, held.r2_w, kept.rank_a, kept.rank_b, kept.rank_own)
        table.add_row(held.label, *("–" if figure is None else f"{figure:.2f}" for figure in figures))
    return table


def printed(audit: "Audit") -> Group:
    """Return everything that printing an audit shows."""
    swap, collapse, wrong = audit.swap, audit.collapse, audit.mislabelled
    lines = [
        f"Swapped (z of a, w and class of b): {_percent(swap.says_b)} shown as b's class, "
        f"{_percent(swap.says_a)} as a's; plain reconstructions {_percent(swap.reconstructions)}, "
        f"real samples {_percent(swap.real)}.",
        f"Squared error {collapse.error:.2f}; z exchanged {collapse.error_z_exchanged:.2f}, "
        f"inside the class {collapse.error_z_exchanged_within:.2f}. KL of z {collapse.kl_z:.2f} nats.",
    ]
    if collapse.error_w_exchanged_within is not None and collapse.kl_w is not None:
        lines[-1] += (
            f" w exchanged inside the class {collapse.error_w_exchanged_within:.2f}; "
            f"KL of w {collapse.kl_w:.2f}."
        )
    if wrong is not None:
        lines.append(
            f"Encoded with a wrong class, w gives the true class in {_percent(wrong.says_true)} and the "
            f"class it was told in {_percent(wrong.says_fed)} of the samples."
        )
    return Group(
        Text(f"{audit.verdict.level}: {audit.verdict.sentence}", style="bold"),
        audit.table(),
        survival_table(audit),
        *(Text(line) for line in lines),
    )


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.1f} %"
