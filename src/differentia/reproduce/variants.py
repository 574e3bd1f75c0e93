"""Variants of the report, and our own settings beside them: a preset and what is changed in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from differentia.errors import DifferentiaError

Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Variant:
    """One way to fill what the report leaves open.

    Attributes
    ----------
    name : str
        How it is called in tables and on the command line.
    preset : str
        The preset it starts from.
    meaning : str
        What is read how, in one sentence for tables and page.
    changes : mapping
        Nested changes to the preset.
    row : {'without', 'with', ''}
        The printed row of table 1 that it stands beside; empty for none.
    without : str
        The variant that differs from it by having no L_class, for a row ``with``.
    like : str or None
        A preset whose networks, likelihood, training and size of both codes together it takes.
    """

    name: str
    preset: str
    meaning: str
    changes: Changes
    row: str = ""
    without: str = "without"
    like: str | None = None


def _terms(**changes: Changes | None) -> dict[str, Any]:
    """Return changes to terms; None leaves a term out."""
    return {"terms": changes}


_PLAIN = {"mode": "beta", "beta": 1.0, "gamma": 1.0}
_NAIVE = "the naive model, one code z that sees the class: "

_WITHOUT = Variant("without", "report", "eq. 4 as printed, no L_class", _terms(class_loss=None), "without")

_OF_REPORT = tuple(
    Variant(name, "report", meaning, _terms(class_loss=class_loss), "with")
    for name, class_loss, meaning in (
        (
            "report-w",
            {},
            "step 2 trains the classifier on w, and w's encoder gets no gradient from it",
        ),
        (
            "report-z",
            {"reads": "z"},
            "step 2 trains the classifier on z, as in the report's equations and figure 1",
        ),
        (
            "report-w-encoder",
            {"w_weight": 1.0},
            "step 2 trains the classifier on w, and w's encoder is trained with it",
        ),
        (
            "report-both",
            {"reads": "both", "w_weight": 1.0},
            "step 2 trains the classifier on z and on w, and w's encoder is trained with it",
        ),
    )
)


def _plain(variant: Variant) -> Variant:
    """Return a variant of the report with γ = β = 1 and no capacity, as in table 2."""
    terms = {**variant.changes["terms"], "capacity": _PLAIN}
    meaning = f"as {variant.name}, but γ = β = 1 and no capacity, as in table 2"
    name, without = f"{variant.name}-plain", "without-plain"
    return Variant(name, variant.preset, meaning, {"terms": terms}, variant.row, without)


def _strict(part: str, meaning: str, changes: Changes) -> Variant:
    """Return the preset strict with one part taken out."""
    return Variant(f"strict-{part}", "strict", f"strict {meaning}", changes)


_ABLATIONS = (
    _strict(
        "undeclared",
        "with nothing declared generic",
        {"model": {"generic": [], "measured": []}},
    ),
    _strict("unrounded", "with means of z that are not quantised", {"model": {"quantisation_step": 0.0}}),
    _strict("own-variance", "with a variance of z for each input", {"model": {"shared_variance": False}}),
    _strict("free-z", "without the adversary on z", _terms(adversary={"z_weight": 0.0})),
    _strict("free-w", "without the cooperative classifier on w", _terms(adversary={"w_weight": 0.0})),
    _strict(
        "weak-critic",
        "with one critic step a batch, on samples only",
        _terms(adversary={"steps": 1, "noise_levels": [1.0]}),
    ),
    _strict("prior-goal", "with p(y) as the adversary's goal", _terms(adversary={"goal": "prior"})),
    _strict(
        "absolute",
        "with the printed capacity, 100·\\|KL − C\\|",
        _terms(capacity={"mode": "absolute", "growth": 0.5}),
    ),
)
"""The preset strict, each part removed in turn."""

_ONE_CODE = tuple(
    Variant(
        name,
        name,
        f"{title}, with the network, likelihood and training of strict, and a z as wide as its z and w "
        "together",
        {},
        like="strict",
    )
    for name, title in (("beta-tcvae", "β-TCVAE"), ("factor-vae", "FactorVAE"))
)
"""Methods of others that have one code and see no class."""

KNOWN_FACTORS = ("discover", "strict", "report-both-plain", "vae", "beta-tcvae", "factor-vae", "csvae")
"""Variants that `kinds` compares."""

VARIANTS = {
    variant.name: variant
    for variant in (
        _WITHOUT,
        *_OF_REPORT,
        Variant(
            "report-weighted",
            "report",
            "as report-both, L_class weighing 100, as much as the penalty; the report prints no weight",
            _terms(class_loss={"reads": "both", "z_weight": 100.0, "w_weight": 100.0}),
            "with",
        ),
        _plain(_WITHOUT),
        *map(_plain, _OF_REPORT),
        Variant("released", "released", "the code that the authors published", {}, "with", "without-plain"),
        Variant(
            "strict",
            "strict",
            "ours: z does to what is drawn what it was declared for; constrained capacity, bounded "
            "adversary, cooperative classifier",
            {},
            "with",
            "without-plain",
        ),
        Variant(
            "vae",
            "vae",
            "a VAE, q(z \\| x) and p(x \\| z), with the network, likelihood and training of strict, and a z "
            "as wide as its z and w together",
            {},
            like="strict",
        ),
        Variant(
            "discover",
            "discover",
            "ours, nothing declared: one learnt operator for every class, an adversary at the weight that it "
            "needs",
            {},
        ),
        *_ONE_CODE,
        Variant(
            "csvae",
            "csvae",
            "CSVAE with the network and training of strict, and codes as wide",
            {"model": {"z_dim": 10, "w_dim": 10}},
            like="strict",
        ),
        *_ABLATIONS,
        Variant(
            "naive-uncapped",
            "naive",
            _NAIVE + "eq. 1 with β = 1, no cap",
            _terms(capacity=_PLAIN),
        ),
        Variant("naive", "naive", _NAIVE + "β·\\|KL − C\\|, β = 100, C = 25", {}),
        Variant(
            "naive-constrained",
            "naive",
            _NAIVE + "KL held at 25 nats by a multiplier",
            _terms(capacity={"mode": "constrained", "least_price": -1.0}),
        ),
    )
}

ABLATED = tuple(variant.name for variant in _ABLATIONS)
"""Forms of the preset strict with one part taken out."""

WITH_CAPACITY = tuple(variant.name for variant in _OF_REPORT)
"""Variants of the report with L_class that have a plain form, for table 2 and figures 6 and 7."""

CLOSEST = "report-both-plain"
"""The variant that shows the report's effect of L_class on both data sets (docs/reproduction.md)."""


def plain(name: str) -> Variant:
    """Return the form of a variant with γ = β = 1 and no capacity; `name` is one of `WITH_CAPACITY`."""
    return VARIANTS[f"{name}-plain"]


def chosen(names: str, default: tuple[str, ...], every: tuple[str, ...]) -> tuple[str, ...]:
    """Turn ``default``, ``all`` or a list ``name,name`` into names of variants.

    Raises
    ------
    DifferentiaError
        If a name is not among `every`.
    """
    if names in ("default", "all"):
        return default if names == "default" else every
    asked = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    unknown = [name for name in asked if name not in every]
    if unknown or not asked:
        given = unknown[0] if unknown else names
        raise DifferentiaError(
            f"There is no variant '{given}' here. Choose from: {', '.join(every)}, or all."
        )
    return asked
