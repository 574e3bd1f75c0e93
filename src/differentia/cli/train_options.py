"""What `train` can be told on the command line, each option with its help."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    str | None,
    typer.Argument(
        help="mnist, fashion-mnist, digits, kinds or celeba; or the path of a folder with one sub-folder "
        "of images a class, or of an .npz with x and y.",
        show_default=False,
    ),
]
MethodName = Annotated[
    str | None,
    typer.Option(
        help="discover (what is generic is found), strict (what is generic is declared), report (the report "
        "as printed), released (its authors' code), naive (the report's section 3.1), a baseline "
        "(autoencoder, vae, beta-vae, burgess, beta-tcvae, factor-vae, cvae, csvae), or one of your own: "
        "path/to/file.py:Class.",
        show_default="the preset's",
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        help="Settings to start from, by name.",
        show_default="the method's; discover, or strict where something is declared",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder of the run. Default: a new one under runs/.", show_default=False),
]
Seed = Annotated[int | None, typer.Option(help="Seed of weights, order and noise.", show_default="0")]
Seeds = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100,
        help="Train so many runs, from --seed on, a process a core, and close with one table of them.",
        show_default=False,
    ),
]
Epochs = Annotated[
    int | None, typer.Option(help="Passes over the training data.", show_default="the preset's")
]
Generic = Annotated[
    str | None,
    typer.Option(
        help="Declare what is generic, with commas between: shift, scale, stretch, rotate, shear, "
        "brightness, midtones, contrast, thickness, blur; or none. z follows such a change, w ignores "
        "it.",
        show_default="the preset's",
    ),
]
Measured = Annotated[
    str | None,
    typer.Option(
        help="Declare measurements generic, with commas between: area, length, thickness, slant, width, "
        "height, brightness, contrast, x, y, sharpness, of colour images also hue_red, hue_green, "
        "saturation; or none. z tells how much a sample has of each compared with its class.",
        show_default="the preset's",
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Change any setting, e.g. --set terms.capacity.z=12. May be repeated; see --settings.",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(help="Repeat a run from its config.yaml, instead of DATA and --preset."),
]
Resume = Annotated[
    Path | None, typer.Option(help="Go on with an interrupted run, bit for bit as if never stopped.")
]
Moved = Annotated[
    str | None,
    typer.Option("--data", help="With --resume: where the data are now.", metavar="PATH"),
]
OnlySettings = Annotated[
    bool, typer.Option("--settings", help="Print the settings that would be used, with their meaning.")
]
Profile = Annotated[
    bool,
    typer.Option("--profile", help="Train a few steps, print where the time of a step goes, and stop."),
]
Size = Annotated[
    int | None,
    typer.Option(help="Height and width of the images.", rich_help_panel="Data", show_default="the data's"),
]
Attribute = Annotated[
    str | None, typer.Option(help="CelebA attribute that is the class.", rich_help_panel="Data")
]
Fit = Annotated[
    str | None,
    typer.Option(
        help="How pictures that are not square become square: crop, pad or stretch.",
        rich_help_panel="Data",
        show_default="crop",
    ),
]
SkipBroken = Annotated[
    bool,
    typer.Option(
        "--skip-broken",
        help="Leave out pictures that cannot be read, and list them.",
        rich_help_panel="Data",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(help="Use at most this many training samples, for a quick look.", rich_help_panel="Data"),
]
TestFraction = Annotated[
    float | None,
    typer.Option(
        help="Part drawn as test split where the data has none.",
        rich_help_panel="Data",
        show_default="0.2",
    ),
]
CertifyFraction = Annotated[
    float | None,
    typer.Option(
        help="Part of the training samples that is set aside for `differentia certify`.",
        rich_help_panel="Data",
        show_default="none",
    ),
]
Accelerator = Annotated[
    str | None,
    typer.Option(help="cpu, cuda, mps or auto.", rich_help_panel="Machine", show_default="auto"),
]
Devices = Annotated[
    int | None,
    typer.Option(help="Devices, or processes on a CPU.", rich_help_panel="Machine", show_default="1"),
]
Precision = Annotated[
    str | None,
    typer.Option(help="32-true or bf16-mixed.", rich_help_panel="Machine", show_default="32-true"),
]
Logger = Annotated[
    str | None,
    typer.Option(help="tensorboard: write its events beside the metrics.", rich_help_panel="Output"),
]
Figures = Annotated[bool, typer.Option(help="Draw the figures at the end.", rich_help_panel="Output")]
