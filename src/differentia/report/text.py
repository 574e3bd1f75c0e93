"""What the page says about its figures: one line each, for a reader who never saw the project."""

from typing import Any

from pydantic import BaseModel

BADGES = {
    "separated": ("separated", "good", "z keeps the class out, and it is in use."),
    "separated in samples": (
        "separated in samples",
        "fair",
        "The code z that is handed out keeps the class out; the parameters behind it do not.",
    ),
    "label only": (
        "w: label only",
        "fair",
        "z keeps the class out and is in use, but w carries nothing beside the label that its encoder is "
        "given.",
    ),
    "leaks": ("leaks", "bad", "z gives the class away."),
    "collapsed": ("collapsed", "bad", "z keeps the class out, but only because it carries nothing."),
    "unsound": ("unsound", "bad", "The audit's own control failed: its figures cannot be trusted."),
}
"""Level of the verdict: the badge's text, its colour, and the verdict in one sentence."""

INPUTS = {
    "samples": ("samples", "The code as it is handed out: a draw from the posterior."),
    "means": ("means μ", "The centre of the posterior, without its noise."),
    "parameters": ("parameters [μ, log σ²]", "Everything the encoder puts out: the harshest test."),
}
"""What a probe sees."""

NOISELESS = {"samples": ("the code itself", "The code as it is handed out; it has no noise.")}
"""What a probe sees of a code without noise."""

OF_THE_REPORT = ("strict", "report", "released", "naive", "refined")
"""Methods whose authors are the report's."""

PROBES = {
    "logistic": "logistic regression",
    "neighbours": "nearest neighbours",
    "trees": "boosted trees",
    "mlp": "perceptron 256-256",
}

METRICS = {
    "mig": ("MIG", "Gap between the two dimensions that know most about a factor; 1 is perfect."),
    "sap": ("SAP", "The same gap, by straight lines: squared correlations."),
    "modularity": ("modularity", "Whether each dimension speaks of one factor; middling for pure noise."),
    "disentanglement": ("DCI disent.", "Whether each dimension matters for one factor only."),
    "completeness": ("DCI compl.", "Whether each factor lives in one dimension only."),
    "informativeness": ("DCI inform.", "R² of the factors, predicted from the whole code."),
    "factor_vae": ("FactorVAE", "How often the steadiest dimension tells which factor is held fixed."),
    "beta_vae": ("β-VAE", "How often a linear classifier tells which factor is held fixed."),
    "chance": ("chance", "What guessing reaches in the two scores before this one."),
}
"""The metrics of known factors: a short name and a line."""

GLOSSARY = (
    (
        "z, the generic code",
        "What varies in the same way in every class: how thick, how slanted, how bright. It should say "
        "nothing of the class.",
    ),
    (
        "w | y, the conditional code",
        "What varies in its own way inside each class y: the loop of a 2, the crossbar of a 7. Its encoder "
        "is told the class.",
    ),
    (
        "leak",
        "How well the class can be read from z. Four kinds of classifier, the probes, are trained afresh to "
        "read it; the most successful one counts.",
    ),
    (
        "chance",
        "What always answering the most frequent class reaches. A probe at chance has read nothing; it is "
        "the dashed line in every bar.",
    ),
    (
        "usable bits",
        "The leak as information: how much a probe knows of the class, from 0 to the entropy of the class. "
        "It also counts hints that change no answer.",
    ),
    (
        "KL, in nats",
        "How much a code carries in all. A code at chance that carries nothing proves nothing, so each leak "
        "is read beside it.",
    ),
)
"""How to read the page: terms and their definitions."""

ALONE = ("z, the code", "All that the decoder reads of a sample, its class included.")
"""What z is where the decoder reads nothing else."""


def inputs(noisy: bool) -> dict[str, tuple[str, str]]:
    """Return what a probe sees, by its name: a title and a line."""
    return INPUTS if noisy else NOISELESS


def glossary(has_w: bool, noisy: bool, swaps: bool) -> list[tuple[str, str]]:
    """Return the terms that a page has use for, and their definitions.

    Parameters
    ----------
    has_w, noisy, swaps : bool
        Whether the model has a w, whether its codes have noise, and whether there is anything to swap: where
        there is not, z is all that the decoder reads, and not only the generic part.
    """
    z, w, *others, kl = GLOSSARY
    return [z if swaps else ALONE, *([w] if has_w else []), *others, *([kl] if noisy else [])]


MANIFOLD = {
    "precision": ("precision", "Share of generated samples that lie among real ones: quality."),
    "recall": ("recall", "Share of real samples that lie among generated ones: variety."),
    "density": ("density", "How densely real samples surround a generated one; about 1 for real ones."),
    "coverage": ("coverage", "Share of real samples with a generated one nearby: low is mode collapse."),
}
"""Generated samples against real ones (Naeem et al. 2020): a short name and a line."""

VECTORS = (
    "A sample is a vector of features, drawn as bars or cells: orange above the training mean, blue below, "
    "full colour at three standard deviations."
)

SILENT = "Moving them changes next to nothing: the model did not need them."

SOFTWARE = """@software{{differentia,
  title   = {{differentia: class-generic and class-conditional disentangled representations}},
  version = {{{version}}}
}}"""

REPORT = """@techreport{kondamudi2019class,
  title  = {Class-conditional and class-generic disentangled representations},
  author = {Kondamudi and Balasubramanian},
  month  = dec,
  year   = {2019}
}"""


def described(settings: dict[str, Any], model: BaseModel, path: str = "") -> list[tuple[str, Any, str]]:
    """Flatten settings to rows of name, value and description.

    Parameters
    ----------
    settings : dict
        Plain values.
    model : pydantic.BaseModel
        The validated settings, whose fields describe themselves.
    path : str
        What is put before every name.
    """
    rows: list[tuple[str, Any, str]] = []
    for name, field in type(model).model_fields.items():
        value, inner = settings.get(name), getattr(model, name)
        if isinstance(inner, BaseModel):
            rows += described(value or {}, inner, f"{path}{name}.")
        else:
            rows.append((f"{path}{name}", value, field.description or ""))
    return rows
