"""What a method is, and how one is found by its name or by its file."""

import inspect
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module, util
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import BaseModel
from torch import Tensor, nn

from differentia.data.dataset import LabelledData
from differentia.errors import DifferentiaError
from differentia.model.base import Codes, Gaussians, Model
from differentia.model.vae import VAEConfig
from differentia.randomness import WEIGHTS, seeded
from differentia.terms.base import Batch, Curve, Facts, Part, Pass, Scalars, Term

QUANTISED_FROM = 0.5
"""Part of the training after which means of z are rounded, where a model rounds them. A code that is rounded
from the start is empty, since its noise is still as wide as the prior."""


class Method(nn.Module):
    """A model, the terms of its objective, and the one forward pass that all of them read.

    A method of one's own is a subclass in a file: it names `Terms`, and `build`s its model. An instance is
    made of one of `Config` and one of each term's `Config`, None for a term that is left out. The training
    split gives the normalisation and the class frequencies, the seed all weights. A DifferentiaError says
    that the method does not fit the data.
    """

    Config: ClassVar[type[BaseModel]] = VAEConfig
    Terms: ClassVar[Mapping[str, type[Term]]] = {}
    version: ClassVar[int] = 1
    """Raised when what the model computes, or one of its defaults, changes."""

    def __init__(self, config: Any, terms: Mapping[str, Any], data: LabelledData, seed: int) -> None:
        super().__init__()
        self.config = config
        frequencies = np.bincount(data.train.y, minlength=data.n_classes) / len(data.train)
        facts = Facts(len(data.train), torch.from_numpy(frequencies).float())
        try:
            with seeded(seed, WEIGHTS):
                self.model = self.build(config, data.shape, data.n_classes)
            with seeded(seed, WEIGHTS, 1):
                made = {n: self.Terms[n](c, self.model, facts) for n, c in terms.items() if c is not None}
        except ValueError as problem:
            raise DifferentiaError(f"The method does not fit {data.name}: {problem}.") from None
        self.model.fit_normalisation(data.train.x)
        self.terms: Mapping[str, Term] = nn.ModuleDict(made)  # type: ignore[assignment]

    @classmethod
    def build(cls, config: Any, shape: Sequence[int], n_classes: int) -> Model:
        """Return a new model for samples of `shape`, as stored; a ValueError says what does not fit."""
        raise NotImplementedError

    def known(self, data: LabelledData) -> dict[str, Tensor]:
        """Return what is known of each training sample beside its class, ``[n, …]`` by name."""
        return {}

    def infer(self, batch: Batch, rng: torch.Generator, progress: float) -> Pass:
        """Run the model on a batch: the one forward pass, after the given part (0 to 1) of the training.

        All noise comes from `rng`.
        """
        model, y, size = self.model, batch.y, len(batch.y)
        batch = batch._replace(x=model.normalise(batch.x))
        noise = {n: torch.randn((size, d), generator=rng, device=y.device) for n, d in model.dims.items()}
        posterior, known = self.encode(batch, rng, quantise=progress >= QUANTISED_FROM)
        prior = model.prior(y)
        code = self.sample(posterior, prior, noise, progress)
        likelihood = model.decode(code, y)
        return Pass(model, batch.x, y, posterior, prior, code, likelihood, rng, progress, known)

    def sample(self, posterior: Gaussians, prior: Gaussians, noise: Codes, progress: float) -> Codes:
        """Return the codes that are decoded: samples of the posterior, made with the given noise."""
        return {name: posterior[name].sample(standard) for name, standard in noise.items()}

    def encode(
        self, batch: Batch, rng: torch.Generator, quantise: bool
    ) -> tuple[Gaussians, dict[str, Tensor]]:
        """Return the posteriors of normalised samples, and what is known of them; both may hold more."""
        return self.model.encode(batch.x, batch.y, quantise), batch.known

    @classmethod
    def curves(cls, config: Any) -> tuple[Curve, ...]:
        """Return the titles and units of what the terms record."""
        return tuple(curve for term in cls.Terms.values() for curve in term.curves)

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return every part of step 1, by name.

        Raises
        ------
        DifferentiaError
            If two terms name a part alike, of which one would be left out.
        """
        found: dict[str, Part] = {}
        for name, term in self.terms.items():
            parts = term.loss(p)
            for part in parts.keys() & found.keys():
                raise DifferentiaError(
                    f"The term '{name}' has a part '{part}', and so has another term. Give it another name."
                )
            found |= parts
        return found

    def state(self, progress: float) -> Scalars:
        """Return what every term records at the end of an epoch beside means."""
        return {name: value for term in self.terms.values() for name, value in term.state(progress).items()}


def built_in() -> dict[str, str]:
    """Return the name of every method that comes with the package, and the module that holds it."""
    package = import_module("differentia.methods")
    found = [module.name for module in pkgutil.iter_modules(package.__path__) if module.name != "base"]
    return {name.replace("_", "-"): f"differentia.methods.{name}" for name in sorted(found)}


def find(name: str) -> type[Method]:
    """Return a method by its name, or one of a person's own by ``path/to/file.py:Class``.

    A DifferentiaError says that there is no such method, or that the file cannot be run.
    """
    if ":" in name:
        path, class_name = name.rsplit(":", 1)
        file = Path(path)
        if not file.is_file():
            raise DifferentiaError(
                f"There is no file {path}. Name a method of your own as path/to/file.py:Class."
            )
        return _of_file(file.resolve(), file.stat().st_mtime_ns, class_name)
    modules = built_in()
    if name not in modules:
        raise DifferentiaError(
            f"There is no method '{name}'. Choose one of {', '.join(modules)}, or name one of your own: "
            "--method path/to/file.py:Class."
        )
    module = import_module(modules[name])
    (method,) = (
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Method) and value.__module__ == module.__name__
    )
    return method


def resolve(recorded: str, given: str | None) -> type[Method]:
    """Return the method that a run recorded, without running code that nobody named.

    Where a run recorded ``file.py:Class``, the person says now by `given` where that lies. A DifferentiaError
    says that the person does not, or names another one.
    """
    if given is not None and Path(given).name != recorded:
        raise DifferentiaError(
            f"The run was trained by the method {recorded}, and not by {given}. Leave out --method, or name "
            "that one."
        )
    if ":" not in recorded:
        return find(recorded)
    if given is None:
        raise DifferentiaError(
            f"The run was trained by a method of somebody's own, and a run folder never runs code. Say where "
            f"its file lies: --method path/to/{recorded}."
        )
    return find(given)


@cache
def _of_file(file: Path, changed: int, class_name: str) -> type[Method]:
    """Run a file once for each time it `changed`, so that its classes are the same wherever they are used."""
    spec = util.spec_from_file_location(f"differentia_method_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise DifferentiaError(f"{file} is no Python file. Name a method of your own as file.py:Class.")
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses and annotations that are strings look it up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as problem:
        raise DifferentiaError(f"{file} cannot be run ({type(problem).__name__}: {problem}).") from problem
    method = getattr(module, class_name, None)
    if not (inspect.isclass(method) and issubclass(method, Method)):
        raise DifferentiaError(f"{file} has no method '{class_name}': a subclass of differentia's Method.")
    return method
