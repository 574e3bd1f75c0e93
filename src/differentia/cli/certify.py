"""``differentia certify``: a bound of what anybody reads of the class from z, and noise that lowers it."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from differentia.cli import run_options
from differentia.cli.terminal import strong

if TYPE_CHECKING:
    from collections.abc import Callable

    from differentia.metrics.certificate import Certificate
    from differentia.metrics.codes import CodedSplit
    from differentia.metrics.release import Release
    from differentia.metrics.release_cost import Cost


def certify(
    run: run_options.Folder,
    within: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            max=0.999,
            metavar="SHARE",
            help="Find the least release noise with which nobody is right more often than chance and this, "
            "such as 0.05, and keep it.",
            show_default=False,
        ),
    ] = None,
    release_noise: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="S",
            help="Certify z with this noise added, in standard deviations of the prior. Default: none.",
            show_default=False,
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.9999, help="Probability that the certificate holds.")
    ] = 0.95,
    draws: Annotated[
        int, typer.Option(min=100, help="Monte Carlo draws. More lower the bound a little.")
    ] = 100_000,
    method: run_options.MethodFile = None,
    data: run_options.MovedData = None,
) -> None:
    """Bound from above what any classifier reads of the class from a sample of z.

    Probes that fail bound a leak from below, since another may succeed; a certificate holds for all. It takes
    the samples that `train --certify-fraction` set aside, or else the test split, if nothing was chosen by
    that. Example: [bold]differentia certify
    runs/mnist-discover-seed0 --within 0.05[/bold].
    """
    from differentia.errors import DifferentiaError
    from differentia.files import write_json
    from differentia.metrics.codes import code_split
    from differentia.metrics.release_cost import CostOf

    if within is not None and release_noise is not None:
        raise DifferentiaError("--within finds the release noise. Leave out --release-noise, or --within.")
    console = Console(highlight=False)
    opened = run_options.opened(run, method, data)
    model, samples = opened.load_model(), opened.load_data(progress=True)
    seed, held = opened.settings.training.seed, samples.certify or samples.test
    with console.status("encoding") as status:
        coded = code_split(model, held, seed)
        cost_of = CostOf(model, held, coded, samples.factor_names, seed)

        def tell(found: "Certificate") -> None:
            status.update(f"noise {found.release_noise:.2f}: at most {100 * found.bound:.1f} %")

        tried, release = _tried(coded, within, release_noise or 0.0, confidence, draws, seed, tell)
        if release:
            release.save(opened.path)
        status.update("measuring what the noise costs")
        costs = {noise: cost_of(noise) for noise in sorted({0.0, *(found.release_noise for found in tried)})}
    kept = release.certificate if release else tried[0]
    steps = [found.to_json() | costs[found.release_noise].to_json() for found in tried]
    write_json(opened.path / "certificate.json", {"kept": kept.to_json(), "tried": steps})

    console.print(kept.sentence, markup=False)
    console.print(_table(kept, costs))
    came = "that were set aside" if samples.certify else "of the test split, if nothing was chosen by that"
    said = f"It speaks of one sample of z of each input, and stands on {kept.pairs:,} samples {came}."
    console.print(f"{said} See {strong(opened.path / 'certificate.json')}.", style="dim", soft_wrap=True)
    if release:
        console.print("Released codes: Differentia.load(RUN).transform(X, certified=True).", markup=False)


def _tried(
    coded: "CodedSplit",
    within: float | None,
    noise: float,
    confidence: float,
    draws: int,
    seed: int,
    tell: "Callable[[Certificate], None]",
) -> "tuple[list[Certificate], Release | None]":
    """Certify z with the noise, or with those that lead to a release that is `within` of chance."""
    from differentia.metrics.certificate import certificate
    from differentia.metrics.release import find_release

    tried: list[Certificate] = []

    def note(found: "Certificate") -> None:
        tried.append(found)
        tell(found)

    p, y = coded.posterior, coded.y
    if within is not None:
        return tried, find_release(p, y, within, confidence, draws=draws, seed=seed, tell=note)
    how = {"release_noise": noise, "confidence": confidence}
    note(certificate(p.z_mean, p.z_log_variance, y, **how, draws=draws, seed=seed))
    return tried, None


def _table(kept: "Certificate", costs: "dict[float, Cost]") -> Table:
    """Return what z holds without release noise and with that of the certificate."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("of z")
    noises = sorted({0.0, kept.release_noise})
    for noise in noises:
        table.add_column(f"release noise {noise:.2f}" if noise else "as it is", justify="right")
    table.add_row("squared error", *(f"{costs[noise].squared_error:.2f}" for noise in noises))
    for name in costs[0.0].r2:
        table.add_row(f"R², {name}", *(f"{costs[noise].r2[name]:.2f}" for noise in noises))
    return table
