"""The audit in a terminal."""

from collections.abc import Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from differentia.metrics.audit.verdict import Verdict
from differentia.metrics.collapse import Collapse
from differentia.metrics.interval import Estimate
from differentia.metrics.leakage.battery import Mislabelled
from differentia.metrics.leakage.scores import ProbeRow
from differentia.metrics.transfer import Swap

INPUT_TITLES = {"samples": "samples", "means": "means μ", "parameters": "[μ, log σ²]"}
PROBE_TITLES = {
    "logistic": "logistic",
    "neighbours": "neighbours",
    "trees": "trees",
    "mlp": "perceptron",
}


def input_titles(rows: Sequence[ProbeRow]) -> dict[str, str]:
    """Return what to call what a probe sees; a code without noise has no samples but itself."""
    noisy = any(row.input != "samples" for row in rows)
    return INPUT_TITLES if noisy else INPUT_TITLES | {"samples": "the code"}


def probe_table(
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
    titles = input_titles(rows)
    for row in rows:
        groups.setdefault((row.code, titles[row.input]), []).append(row)
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


def survival_table(collapse: Collapse, swap: Swap | None) -> Table:
    """Return what becomes of every measurement: held in z, at most and in w, and after a swap, if any."""
    table = Table(title="Measurements, within class", box=box.SIMPLE_HEAD, padding=(0, 0), show_edge=False)
    table.add_column("measurement", no_wrap=True)
    titles = ["R² from z", "at most", "from w, y"]
    rows = [[held.r2_z, held.bound, held.r2_w] for held in collapse.recovered]
    if swap is not None:
        titles += ["swap: ρ with z's", f"with {'y' if swap.given == 'class' else 'w'}'s", "own: ρ"]
        for row, kept in zip(rows, swap.survival, strict=True):
            row += [kept.rank_a, kept.rank_b, kept.rank_own]
    for title in titles:
        table.add_column(title, justify="right")
    for held, row in zip(collapse.recovered, rows, strict=True):
        table.add_row(held.label, *("–" if figure is None else f"{figure:.2f}" for figure in row))
    return table


def printed(
    verdict: Verdict,
    probes: Table,
    collapse: Collapse,
    swap: Swap | None,
    wrong: Mislabelled | None,
    remarks: Sequence[str],
) -> Group:
    """Return everything that printing an audit shows; `probes` is the table that `probe_table` returns."""
    lines = []
    if swap is not None:
        lines.append(
            f"Swapped (z of a, {swap.given} of b): {_percent(swap.says_b)} shown as b's class, "
            f"{_percent(swap.says_a)} as a's; plain reconstructions {_percent(swap.reconstructions)}, "
            f"real samples {_percent(swap.real)}."
        )
    lines.append(
        f"Squared error {collapse.error:.2f}; z exchanged {collapse.error_z_exchanged:.2f}, "
        f"inside the class {collapse.error_z_exchanged_within:.2f}."
    )
    if collapse.kl_z is not None:
        lines[-1] += f" KL of z {collapse.kl_z:.2f} nats."
    if collapse.error_w_exchanged_within is not None:
        lines[-1] += f" w exchanged inside the class {collapse.error_w_exchanged_within:.2f}."
    if collapse.kl_w is not None:
        lines[-1] += f" KL of w {collapse.kl_w:.2f}."
    if wrong is not None:
        lines.append(
            f"Encoded with a wrong class, w gives the true class in {_percent(wrong.says_true)} and the "
            f"class it was told in {_percent(wrong.says_fed)} of the samples."
        )
    return Group(
        Text(f"{verdict.level}: {verdict.sentence}", style="bold"),
        probes,
        survival_table(collapse, swap),
        *(Text(line) for line in (*lines, *remarks)),
    )


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.1f} %"
