"""``differentia train``: learn the codes of a data set into a run folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from differentia.cli.train_view import print_settings
from differentia.cli.training_session import carry_out, finish, free_folder, start_devices
from differentia.errors import DifferentiaError

if TYPE_CHECKING:
    from differentia.data.dataset import LabelledData
    from differentia.methods.base import Method
    from differentia.training.settings import Settings


def train(
    data: Annotated[
        str | None,
        typer.Argument(
            help="mnist, fashion-mnist, digits, kinds or celeba; or the path of a folder with one sub-folder "
            "of images a class, or of an .npz with x and y.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="strict (the best separation), report (the report as printed), released (its authors' "
            "code), naive (the report's section 3.1), a baseline (autoencoder, vae, beta-vae, burgess, "
            "beta-tcvae, factor-vae, cvae, csvae), or one of your own: path/to/file.py:Class.",
            show_default="the preset's",
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="Settings to start from, by name.", show_default="the method's; strict"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the run. Default: a new one under runs/.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of weights, order and noise.", show_default="0")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training data.", show_default="the preset's")
    ] = None,
    generic: Annotated[
        str | None,
        typer.Option(
            help="Declare what is generic, with commas between: shift, scale, stretch, rotate, shear, "
            "brightness, midtones, contrast, thickness, blur; or none. z follows such a change, w ignores "
            "it.",
            show_default="the preset's",
        ),
    ] = None,
    measured: Annotated[
        str | None,
        typer.Option(
            help="Declare measurements generic, with commas between: area, length, thickness, slant, width, "
            "height, brightness, contrast, x, y, sharpness, of colour images also hue_red, hue_green, "
            "saturation; or none. z tells how much a sample has of each compared with its class.",
            show_default="the preset's",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Change any setting, e.g. --set terms.capacity.z=12. May be repeated; see --settings.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Repeat a run from its config.yaml, instead of DATA and --preset."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with an interrupted run, bit for bit as if never stopped.")
    ] = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="Print the settings that would be used, with their meaning.")
    ] = False,
    size: Annotated[
        int | None,
        typer.Option(
            help="Height and width of the images.", rich_help_panel="Data", show_default="the data's"
        ),
    ] = None,
    attribute: Annotated[
        str | None, typer.Option(help="CelebA attribute that is the class.", rich_help_panel="Data")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            help="Use at most this many training samples, for a quick look.", rich_help_panel="Data"
        ),
    ] = None,
    test_fraction: Annotated[
        float | None,
        typer.Option(
            help="Part drawn as test split where the data has none.",
            rich_help_panel="Data",
            show_default="0.2",
        ),
    ] = None,
    accelerator: Annotated[
        str | None,
        typer.Option(help="cpu, cuda, mps or auto.", rich_help_panel="Machine", show_default="auto"),
    ] = None,
    devices: Annotated[
        int | None,
        typer.Option(help="Devices, or processes on a CPU.", rich_help_panel="Machine", show_default="1"),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="32-true or bf16-mixed.", rich_help_panel="Machine", show_default="32-true"),
    ] = None,
    logger: Annotated[
        str | None,
        typer.Option(help="tensorboard: write its events beside the metrics.", rich_help_panel="Output"),
    ] = None,
    figures: Annotated[
        bool, typer.Option(help="Draw the figures at the end.", rich_help_panel="Output")
    ] = True,
) -> None:
    """Train a model on labelled data and save it, its numbers and its pictures as a run folder.

    Examples: [bold]differentia train fashion-mnist[/bold], [bold]differentia train photos/ --size 64[/bold],
    [bold]differentia train kinds --generic shift,scale,rotate,brightness[/bold],
    [bold]differentia train --resume runs/mnist-strict[/bold].
    """
    from differentia.methods.strict import declaration
    from differentia.training.settings import change, combined

    given: dict[str, dict[str, Any]] = {
        "data": {"size": size, "attribute": attribute, "limit": limit, "test_fraction": test_fraction},
        "training": {
            "seed": seed,
            "epochs": epochs,
            "accelerator": accelerator,
            "devices": devices,
            "precision": precision,
        },
    }
    given["model"] = declaration(_listed(generic), _listed(measured))
    named = {part: {k: v for k, v in fields.items() if v is not None} for part, fields in given.items()}
    if config is not None and preset:
        raise DifferentiaError("--config holds all settings already. Leave out --preset, or --config.")
    if resume is not None and (data or preset or config or out or set_ or any(named.values())):
        raise DifferentiaError(
            "--resume goes on with the run's own settings. Leave out DATA, --out and settings."
        )
    if sum(source is not None for source in (data, config, resume)) != 1:
        raise DifferentiaError(
            "Say what to train: DATA, --config FILE or --resume RUN. See `differentia train --help`."
        )
    changes = combined([named, *(change(assignment) for assignment in set_ or [])])
    _train(data, method, preset, out, config, resume, changes, settings, logger, figures)


def _listed(names: str | None) -> list[str] | None:
    if names is None:
        return None
    return [] if names == "none" else [name.strip() for name in names.split(",")]


def _train(
    source: str | None,
    method: str | None,
    preset_name: str | None,
    out: Path | None,
    config: Path | None,
    resume: Path | None,
    changes: dict[str, Any],
    only_print: bool,
    logger: str | None,
    figures: bool,
) -> None:
    from differentia.training.checkpoint import Checkpoint
    from differentia.training.loop import Trainer
    from differentia.training.run import Run

    console = Console(highlight=False)
    run: Run | None = None
    if resume is not None:
        run = Run.open(resume, method)
        chosen, of_run, data = run.settings, run.method, run.load_data(progress=True)
    else:
        chosen, of_run, data = _choose(source, method, preset_name, config, changes)
    if only_print:
        print_settings(console, chosen)
        return
    if out is None:
        method_name = chosen.method.rsplit(":", 1)[-1]
        how = method_name if chosen.preset in (chosen.method, "plain") else f"{method_name}-{chosen.preset}"
        stem = f"{data.name}-{how}-seed{chosen.training.seed}"
        out = resume if resume is not None else free_folder(stem)
    fabric = start_devices(chosen.training, logger, out)
    with console.status("preparing the training"):
        trainer = Trainer(chosen, of_run, data, fabric)
    if run is None and fabric.is_global_zero:
        run = Run.create(out, chosen, of_run, data)
    elif run is not None and run.checkpoint_path.exists():
        trainer.restore(Checkpoint.load(run.checkpoint_path))
    if not fabric.is_global_zero:
        trainer.run()
        return
    assert run is not None
    carry_out(console, trainer, run, data)
    finish(console, run, data, figures)


def _choose(
    source: str | None,
    method: str | None,
    preset_name: str | None,
    config: Path | None,
    changes: dict[str, Any],
) -> "tuple[Settings, type[Method], LabelledData]":
    """Read settings, method and data of a new run, from a preset or from a file."""
    import yaml

    from differentia.data.catalogue import NAMES, load
    from differentia.methods.base import resolve
    from differentia.training.presets import preset
    from differentia.training.settings import combined, recorded_method, validated, validated_data

    if config is not None:
        try:
            values = yaml.safe_load(config.read_text("utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as problem:
            raise DifferentiaError(f"{config} cannot be read as settings ({problem}).") from None
        if not isinstance(values, dict):
            raise DifferentiaError(f"{config} holds no settings. Name the config.yaml of a run.")
        of_file = resolve(recorded_method(values, str(config)), method)
        chosen = validated(combined([values, changes]), of_file)
        return chosen, of_file, load(chosen.data, progress=True)
    assert source is not None
    place = source if source in NAMES else str(Path(source).absolute())
    described = changes.get("data", {})
    data_settings = validated_data(
        {"source": place} | described if isinstance(described, dict) else described
    )
    # An impossible setting is said before data are fetched.
    preset(preset_name, data_settings, (28, 28, 1), changes, method=method)
    data = load(data_settings, progress=True)
    chosen = preset(preset_name, data_settings, data.shape, changes, len(data.train), method)
    return chosen, chosen.of_method, data
