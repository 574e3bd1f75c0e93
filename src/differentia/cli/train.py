"""``differentia train``: learn the codes of a data set into a run folder."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from differentia.cli import train_options as option
from differentia.cli.terminal import is_helper
from differentia.cli.train_profile import profile_training
from differentia.cli.train_seeds import train_seeds
from differentia.cli.train_view import print_settings
from differentia.cli.training_session import carry_out, check_logger, finish, new_folder
from differentia.errors import DifferentiaError

if TYPE_CHECKING:
    from differentia.data.dataset import LabelledData
    from differentia.training.run import Run
    from differentia.training.settings import Settings


def train(
    data: option.Data = None,
    method: option.MethodName = None,
    preset: option.Preset = None,
    out: option.Out = None,
    seed: option.Seed = None,
    seeds: option.Seeds = None,
    epochs: option.Epochs = None,
    generic: option.Generic = None,
    measured: option.Measured = None,
    set_: option.Changes = None,
    config: option.ConfigFile = None,
    resume: option.Resume = None,
    moved: option.Moved = None,
    settings: option.OnlySettings = False,
    profile: option.Profile = False,
    size: option.Size = None,
    attribute: option.Attribute = None,
    fit: option.Fit = None,
    skip_broken: option.SkipBroken = False,
    limit: option.Limit = None,
    test_fraction: option.TestFraction = None,
    certify_fraction: option.CertifyFraction = None,
    accelerator: option.Accelerator = None,
    devices: option.Devices = None,
    precision: option.Precision = None,
    logger: option.Logger = None,
    figures: option.Figures = True,
) -> None:
    """Train a model on labelled data and save it, its numbers and its pictures as a run folder.

    Examples: [bold]differentia train fashion-mnist[/bold], [bold]differentia train photos/ --size 64[/bold],
    [bold]differentia train kinds --generic shift,scale,rotate,brightness[/bold],
    [bold]differentia train --resume runs/mnist-discover[/bold].
    """
    from differentia.methods.strict import declaration

    pictures = _said(size=size, fit=fit, skip_broken=skip_broken or None, attribute=attribute)
    named = {
        "data": pictures | _said(limit=limit, test_fraction=test_fraction, certify_fraction=certify_fraction),
        "training": _said(seed=seed, accelerator=accelerator, devices=devices, precision=precision),
        "model": declaration(_listed(generic), _listed(measured)),
    }
    more = bool(preset or out or set_ or seeds or any(named.values()))
    _check_request(data, config, preset, out, resume, moved, more)
    if profile and (resume or seeds):
        raise DifferentiaError("--profile times a few steps of a new run. Leave out --resume and --seeds.")
    check_logger(logger)
    console, run = Console(highlight=False), None
    if resume is not None:
        run = _opened(resume, method, moved, epochs)
        chosen, loaded = run.settings, run.load_data(progress=True)
    else:
        named["training"] |= _said(epochs=epochs)
        chosen, loaded = _choose(data, method, preset, config, named, set_ or [])
    if settings:
        print_settings(console, chosen)
    elif profile:
        profile_training(console, chosen, loaded)
    elif seeds is not None:
        with new_folder(out, _stem(chosen, loaded, f"{seeds}seeds")) as place:
            train_seeds(console, chosen, place, seeds, method, logger, figures)
    else:
        _train(console, run, out, chosen, loaded, logger, figures)


def _check_request(
    data: str | None,
    config: Path | None,
    preset: str | None,
    out: Path | None,
    resume: Path | None,
    moved: str | None,
    more: bool,
) -> None:
    """Check that it is said what to train, once; `more` says whether there are settings of a new run."""
    from differentia.training.run import Run

    if config is not None and preset:
        raise DifferentiaError("--config holds all settings already. Leave out --preset, or --config.")
    if resume is not None and (data or config or more):
        raise DifferentiaError(
            "--resume goes on with the run's own settings. Leave out DATA, --out and settings but --epochs."
        )
    if moved is not None and resume is None:
        raise DifferentiaError("--data belongs to --resume. Give the data of a new run without an option.")
    if sum(source is not None for source in (data, config, resume)) != 1:
        raise DifferentiaError(
            "Say what to train: DATA, --config FILE or --resume RUN. See `differentia train --help`."
        )
    if out is not None and not is_helper():
        Run.check_free(out)


def _said(**fields: Any) -> dict[str, Any]:
    """Return what was given."""
    return {name: value for name, value in fields.items() if value is not None}


def _listed(names: str | None) -> list[str] | None:
    if names is None:
        return None
    return [] if names == "none" else [name.strip() for name in names.split(",")]


def _opened(path: Path, method: str | None, moved: str | None, epochs: int | None) -> "Run":
    """Open a run to go on with, where its data are now and for so many epochs."""
    from differentia.data.catalogue import place_of
    from differentia.training.run import Run

    return Run.open(path, method).revised(None if moved is None else place_of(moved), epochs)


def _train(
    console: Console,
    run: "Run | None",
    out: Path | None,
    settings: "Settings",
    data: "LabelledData",
    logger: str | None,
    figures: bool,
) -> None:
    """Train a new run, in the folder `out` or one of its own, or go on with `run`."""
    from differentia.training.checkpoint import Checkpoint
    from differentia.training.devices import launch
    from differentia.training.loop import Trainer
    from differentia.training.run import Run

    stem = _stem(settings, data, f"seed{settings.training.seed}")
    with nullcontext(run.path) if run is not None else new_folder(out, stem) as place:
        devices = launch(settings.training)
        with console.status("preparing the training"):
            trainer = Trainer(settings, data, devices)
        if run is None and devices.is_global_zero:
            run = Run.create(place, settings, data)
        elif run is not None:
            if run.checkpoint_path.exists() or run.metrics():  # what was learnt is not begun anew
                trainer.restore(Checkpoint.load(run.checkpoint_path))
            if devices.is_global_zero:
                run.save_settings()
    if run is None or not devices.is_global_zero:
        trainer.run()
        return
    carry_out(console, trainer, run, data, logger)
    finish(console, run, data, figures)


def _stem(settings: "Settings", data: "LabelledData", seed: str) -> str:
    """Return the name of a new run's folder: what it learns, how, and the `seed`, in words."""
    method = settings.method.rsplit(":", 1)[-1]
    how = method if settings.preset in (settings.method, "plain") else f"{method}-{settings.preset}"
    return f"{data.name}-{how}-{seed}"


def _choose(
    source: str | None,
    method: str | None,
    preset_name: str | None,
    config: Path | None,
    named: dict[str, dict[str, Any]],
    assignments: Sequence[str],
) -> "tuple[Settings, LabelledData]":
    """Read settings and data of a new run, from a preset or from a file."""
    import yaml

    from differentia.data.catalogue import load, place_of
    from differentia.methods.base import resolve
    from differentia.training.presets import preset
    from differentia.training.settings import change, combined, recorded_method, validated, validated_data

    changes = combined([named, *(change(assignment) for assignment in assignments)])
    if config is not None:
        try:
            values = yaml.safe_load(config.read_text("utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as problem:
            reason = " ".join(str(problem).split())
            raise DifferentiaError(
                f"{config} cannot be read as settings ({reason}). Name the config.yaml of a run."
            ) from None
        if not isinstance(values, dict):
            raise DifferentiaError(f"{config} holds no settings. Name the config.yaml of a run.")
        of_file = resolve(recorded_method(values, str(config)), method)
        validated(values, of_file)  # a change in a section that is none would hide that
        chosen = validated(combined([values, changes]), of_file)
        return chosen, load(chosen.data, progress=True)
    assert source is not None
    place = place_of(source)
    described = changes.get("data", {})
    data_settings = validated_data(
        {"source": place} | described if isinstance(described, dict) else described
    )
    # An impossible setting is said before data are fetched.
    preset(preset_name, data_settings, (28, 28, 1), changes, method=method)
    data = load(data_settings, progress=True)
    return preset(preset_name, data_settings, data.shape, changes, len(data.train), method), data
