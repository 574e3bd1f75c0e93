"""Measure how fast everything is, and write docs/performance.md with its figures and plot.

Usage: python benchmarks/performance.py [ROW ...]

Without names every row is measured. What was measured before stays in docs/results/performance.json, so that
rows can be measured one at a time. Ratios are of two programs that take turns in one run. Peers are installed
into environments of their own below .benchmarks/. Use a machine that does nothing else.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from differentia.data.catalogue import load
from differentia.data.settings import DataSettings
from differentia.files import write_json, write_text

HERE = Path(__file__).parent
ROOT = HERE.parent
WORK = ROOT / ".benchmarks"
PAGE, NUMBERS = ROOT / "docs" / "performance.md", ROOT / "docs" / "results" / "performance.json"
PLOT = ROOT / "docs" / "images" / "cost.png"
ROUNDS = 3


@dataclass
class Row:
    """A row of the table: what is measured, in which unit, the target, and the values of the rounds."""

    what: str
    unit: str
    target: str
    values: list[float] = field(default_factory=list)
    note: str = ""
    machine: str = ""

    def text(self) -> str:
        middle = statistics.median(self.values)
        low, high = min(self.values), max(self.values)
        return f"{middle:.3g} {self.unit} ({low:.3g} to {high:.3g})".replace("  ", " ")


def answer(*command: str | Path, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON that a program prints last."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (environment or {}),
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))[:200]} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def steps(**told: object) -> dict[str, Any]:
    settings = {"method": "naive", "classes": 10, "side": 28, "channels": 1, "pictures": 20_000} | told
    return answer(sys.executable, HERE / "steps.py", json.dumps(settings))


def seconds(*command: str | Path, cwd: Path = ROOT) -> float:
    begun = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, capture_output=True, cwd=cwd)
    return time.perf_counter() - begun


def command() -> Path:
    return Path(sys.executable).parent / "differentia"


def peer(name: str) -> Path:
    """The interpreter of an environment that holds the package `name`."""
    place = WORK / name
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        torch = f"torch=={version('torch').split('+')[0]}"
        subprocess.run([str(python), "-m", "pip", "install", "-qq", torch, name], check=True)
        (place / "ready").touch()
    return python


def vae_against_pythae() -> Row:
    row = Row("a plain VAE (784-512-256-20, batch 256), samples a second against pythae's", "×", "≥ 2 ×")
    pictures = WORK / "pictures.npy"
    x = load(DataSettings(source="fashion-mnist")).train.x[..., 0]
    np.save(pictures, x)
    threads, epochs, losses = len(os.sched_getaffinity(0)), 3, []
    for seed in range(ROUNDS):
        ours = answer(sys.executable, HERE / "our_vae.py", pictures, str(seed), str(threads), str(epochs))
        out = WORK / "pythae-out"
        words = (HERE / "pythae_vae.py", pictures, str(seed), str(threads), str(epochs), out)
        theirs = answer(peer("pythae"), *words)
        row.values.append(ours["rate"] / theirs["rate"])
        losses.append(f"{ours['loss']:.1f} and {theirs['loss']:.1f}")
    ends = "; ".join(losses)
    row.note = f"Fashion-MNIST, {threads} threads; losses after {epochs} epochs, ours and theirs: {ends}"
    return row


def share_of_products() -> Row:
    row = Row("rate of the matrix products of a VAE's layers within a step (batch 512)", "%", "≥ 70 %")
    changes = {"model": {"z_dim": 20, "hidden": [512, 256]}}
    for _ in range(ROUNDS):
        found = steps(method="vae", batch=512, products=True, changes=changes)
        row.values.append(100 * found["products_ms"] / found["ms"])
    return row


def many_classes() -> Row:
    row = Row("a step of `naive` with 10,000 classes against 10", "×", "≤ 1.1 ×")
    for _ in range(ROUNDS):
        row.values.append(steps(classes=10_000)["ms"] / steps(classes=10)["ms"])
    return row


def mapped() -> Row:
    row = Row("a step on 202,599 mapped pictures of 64×64×3 against some in memory", "×", "≤ 1.05 ×, ≤ 1 GB")
    told = {"method": "vae", "side": 64, "channels": 3, "classes": 2}
    place, memory = WORK / "map.npy", []
    for _ in range(ROUNDS):
        on_disk = steps(**told, pictures=202_599, map=str(place))
        row.values.append(on_disk["ms"] / steps(**told, pictures=20_000)["ms"])
        memory.append(on_disk["anonymous_mb"])
    row.note = f"{max(memory):.0f} MB of anonymous memory at most; those in memory are 20,000"
    return row


def strict_against_report() -> Row:
    row = Row("`strict` against `report`, samples a second, 28×28", "×", "≥ 0.5 × (*)")
    for _ in range(ROUNDS):
        report, strict = (steps(method=name, source="mnist")["ms"] for name in ("report", "strict"))
        row.values.append(report / strict)
    return row


def start_of_help() -> Row:
    row = Row("`differentia --help`", "s", "≤ .4 s")
    row.values += [seconds(command(), "--help") for _ in range(2 * ROUNDS)]
    return row


def import_() -> Row:
    row = Row("`import differentia`, beyond Python's own start", "s", "≤ .1 s")
    for _ in range(2 * ROUNDS):
        empty = seconds(sys.executable, "-c", "pass")
        row.values.append(seconds(sys.executable, "-c", "import differentia") - empty)
    return row


def first_step() -> Row:
    row = Row("`differentia train digits`, from Enter to the end of the first step", "s", "≤ 3.5 s")
    program = """
import os, sys, tempfile
from differentia.training.loop import Trainer
whole = Trainer.train_batch
def first(trainer):
    whole(trainer)
    os._exit(0)
Trainer.train_batch = first
sys.argv = ["differentia", "train", "digits", "--out", tempfile.mkdtemp() + "/run"]
from differentia.cli import main
main()
"""
    row.values += [seconds(sys.executable, "-c", program) for _ in range(2 * ROUNDS)]
    return row


def report() -> Row:
    row = Row("`differentia report` of a `strict` run on Fashion-MNIST, full", "s", "≤ 60 s")
    run = WORK / "strict"
    if not (run / "summary.json").exists():
        shutil.rmtree(run, ignore_errors=True)
        seconds(
            command(),
            "train",
            "fashion-mnist",
            "--method",
            "strict",
            *("--epochs", "2"),
            "--out",
            run,
            "--no-figures",
        )
    row.values.append(seconds(command(), "report", run))
    return row


def seeds() -> Row:
    cores = len(os.sched_getaffinity(0))
    row = Row(f"`train fashion-mnist --method report --seeds {cores}` against one by one", "×", "< 1 ×")
    words = ("train", "fashion-mnist", "--method", "report", "--epochs", "3", "--no-figures")
    with tempfile.TemporaryDirectory() as folder:
        together = seconds(command(), *words, "--seeds", str(cores), "--out", f"{folder}/all")
        alone = [seconds(command(), *words, "--seed", str(k), "--out", f"{folder}/{k}") for k in range(cores)]
    row.values.append(together / sum(alone))
    return row


def whole(target: str, limit: str) -> Row:
    row = Row(f"`make {target}` in a fresh clone", "s", limit)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "-q", str(ROOT), folder], check=True)
        row.values.append(seconds("make", target, cwd=Path(folder)))
    return row


ROWS: dict[str, Callable[[], Row]] = {
    "pythae": vae_against_pythae,
    "products": share_of_products,
    "classes": many_classes,
    "mapped": mapped,
    "strict": strict_against_report,
    "help": start_of_help,
    "import": import_,
    "first-step": first_step,
    "report": report,
    "seeds": seeds,
    "demo": lambda: whole("demo", "≤ 300 s (*)"),
    "test": lambda: whole("test", "≤ 480 s"),
}


def costs() -> Iterator[tuple[str, list[int], list[float]]]:
    """Milliseconds of a step of `naive` against one thing at a time; perceptrons throughout."""
    perceptron = {"model": {"network": "mlp"}}
    for name, key, values in (
        ("pictures", "pictures", [1000, 10_000, 100_000]),
        ("classes", "classes", [10, 100, 1000, 10_000]),
        ("pixels a side", "side", [14, 28, 56]),
    ):
        yield name, values, [steps(**{key: value}, changes=perceptron)["ms"] for value in values]
    sizes = [10, 100, 1000]
    yield "dimensions of z", sizes, [steps(changes={"model": {"z_dim": size}})["ms"] for size in sizes]


def draw(found: list[tuple[str, list[int], list[float]]]) -> Figure:
    figure = Figure((9, 2.6), layout="constrained")
    for axes, (name, values, ms) in zip(figure.subplots(1, 4, sharey=True), found, strict=True):
        axes.plot(values, ms, "o-", color="#2a6f97")
        axes.set_xscale("log")
        axes.set_xticks(values, [f"{value:,}" for value in values])
        axes.minorticks_off()
        axes.margins(x=0.15)
        axes.set_xlabel(name)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("ms a step of naive")
    figure.axes[0].set_ylim(0, 1.1 * max(max(ms) for _, _, ms in found))
    return figure


HEAD = """# Performance

`python benchmarks/performance.py` measures every row on a machine that does nothing else, and writes this
page; with names it measures these rows alone. Ratios are of two programs that take turns in one run. A figure
is the median of the rounds, with the least and the greatest. Rows with (*) hang on what `strict` consists of.

| what | measured | target | command |
| --- | --- | --- | --- |
"""


def page(rows: dict[str, Row]) -> str:
    lines = []
    for name, row in rows.items():
        note = f"<br>{row.note}" if row.note else ""
        lines.append(f"| {row.what}{note} | {row.text()} | {row.target} | `performance.py {name}` |")
    machines = dict.fromkeys(row.machine for row in rows.values())
    lines += ["", "Measured on: " + "; ".join(machines) + ".", ""]
    if PLOT.exists():
        lines += ["![Time of a step against pictures, classes, pixels and dimensions](images/cost.png)", ""]
    return HEAD + "\n".join(lines)


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text().splitlines()
    processor = next(line.split(": ")[1] for line in info if line.startswith("model name"))
    libraries = ", ".join(f"{name} {version(name)}" for name in ("differentia", "torch", "numpy"))
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {processor}, Python {platform.python_version()}, {libraries}"


def main(*names: str) -> None:
    unknown = set(names) - ROWS.keys() - {"costs"}
    if unknown:
        sys.exit(f"There is no row {', '.join(unknown)}. Choose of {', '.join(ROWS)} and costs.")
    WORK.mkdir(exist_ok=True)
    before = json.loads(NUMBERS.read_text()) if NUMBERS.exists() else {}
    rows = {name: Row(**before[name]) for name in ROWS if name in before}
    for name in names or (*ROWS, "costs"):
        print(name, end=" … ", flush=True)
        if name == "costs":
            draw(list(costs())).savefig(PLOT, dpi=150)
            print(PLOT)
            continue
        rows[name] = ROWS[name]()
        rows[name].machine = machine()
        print(rows[name].text(), flush=True)
        ordered = {name: rows[name] for name in ROWS if name in rows}
        write_json(NUMBERS, {name: asdict(row) for name, row in ordered.items()})
        write_text(PAGE, page(ordered))


if __name__ == "__main__":
    main(*sys.argv[1:])
