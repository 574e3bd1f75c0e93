"""What is measured on a finished run: the report's classifier, the audit, errors and divergences."""

import warnings
from typing import Any

import numpy as np
import torch
from joblib import parallel_config
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from differentia.data.dataset import LabelledData
from differentia.inference import decode_all, squared_errors
from differentia.metrics.audit.audit import audit
from differentia.metrics.codes import CODES, INPUTS, CodedSplit, code_split
from differentia.metrics.factors.naming import name_factors
from differentia.metrics.generation import generation
from differentia.metrics.ground_truth.score import ground_truth
from differentia.metrics.judges import Schedule, shuffler, train_judge
from differentia.model.base import Model
from differentia.model.networks import perceptron
from differentia.reproduce.kl_identity import kl_identity
from differentia.terms.class_loss import binary_loss

VERSION = 4
"""Raised when what `measure_run` returns changes, so that finished runs are measured again."""

PROBE_HIDDEN = [256]
"""Capacity of the report's classifier, which is that of the preset ``report``."""

_EPOCHS, _BATCH, _RATE = 15, 512, 1e-3


def measure_run(model: Model, data: LabelledData, seed: int, full: bool = False) -> dict[str, Any]:
    """Measure a trained model.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        What it was trained on. Classifiers learn from the training split, all numbers are of the test split.
    seed : int
        Seed of the run.
    full : bool
        Audit, draw and name in the full form, not the quick one.

    Returns
    -------
    dict
        Plain JSON types: ``accuracy`` of the report's classifier on z and on w, ``audit`` (worst case of
        both codes, swap test, what z carries), ``generation`` (coverage and class consistency of draws),
        ``generic`` (measurements that a dimension of z carries in every class), ``truth`` (R² of known
        factors and the exact swap error, where the data have them), ``squared_error`` a sample,
        ``kl_z`` and ``kl_w`` in nats, ``chance``, and ``kl_identity`` of section 3.1 for models with one
        code and a standard-normal prior. None stands for what a model or the data lack.
    """
    train, test = code_split(model, data.train, seed), code_split(model, data.test, seed)
    codes = ("z", "w") if model.w_dim else ("z",)
    decoded = decode_all(model, test.z, test.w, test.y)
    return {
        "chance": float(np.bincount(test.y).max() / len(test)),
        "accuracy": {
            code: report_probe(_samples(train, code), train.y, _samples(test, code), test.y, seed)
            for code in codes
        },
        "audit": _audit(model, data, seed, full),
        "generation": _generation(model, data, seed, full),
        "generic": _generic(model, data, seed, full),
        "truth": _truth(model, data, seed, full) if data.test.factors is not None else None,
        "squared_error": float(squared_errors(model, decoded, test.x).mean()),
        "kl_z": test.posterior.nats("z"),
        "kl_w": test.posterior.nats("w"),
        "kl_identity": kl_identity(train.posterior, seed).to_json() if _one_code(model) else None,
    }


def _one_code(model: Model) -> bool:
    """Whether a model is one that section 3.1 speaks of: one code, with noise and a standard-normal prior."""
    prior = model.prior(torch.arange(model.n_classes, device=model.device))["z"]
    return not (model.w_dim or model.deterministic or prior.mean.any() or prior.log_variance.any())


def report_probe(
    codes: NDArray[np.float32],
    y: NDArray[np.int64],
    test_codes: NDArray[np.float32],
    test_y: NDArray[np.int64],
    seed: int,
) -> float:
    """Return the test accuracy of the report's classifier, trained afresh on samples of a code.

    The classifier has the capacity, the loss (eq. 5) and the optimiser of the one in training: one hidden
    layer of 256, Adam 1e-3, 15 passes in batches of 512.

    Parameters
    ----------
    codes, test_codes : ndarray
        Samples of the code, float32 ``[n, d]``.
    y, test_y : ndarray
        Their classes, int64 ``[n]``.
    seed : int
        Seed of weights and order.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probe = perceptron([codes.shape[1], *PROBE_HIDDEN, int(y.max()) + 1])
    inputs = torch.from_numpy(codes)
    # At least as many steps as 10,000 samples give, so that a small set is learnt too.
    epochs = max(_EPOCHS, _EPOCHS * 20 // max(1, len(y) // _BATCH))
    train_judge(
        probe,
        lambda rows: inputs[rows],
        torch.from_numpy(y),
        Schedule(epochs, _BATCH, _RATE, fades=False),
        shuffler(len(y), seed),
        binary_loss,
    )
    with torch.inference_mode():
        answers = probe(torch.from_numpy(test_codes)).argmax(1).numpy()
    return float((answers == test_y).mean())


def _audit(model: Model, data: LabelledData, seed: int, full: bool) -> dict[str, Any]:
    """Return the audit's worst cases, a probe and its accuracy and bits for each form of each code."""
    # Runs fill the cores already, so the audit keeps to this process. A logistic probe that stops at its most
    # iterations is a probe all the same, and its remark would cut through the progress of all runs.
    with parallel_config("sequential"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = audit(model, data, seed, quick=not full)
    swap = found.swap
    worst = {code: {kind: found.figure(code, kind) for kind in INPUTS} for code in CODES}
    return {
        "verdict": found.verdict.to_json(),
        **{
            code: {
                kind: {"probe": row.probe, "accuracy": row.accuracy, "bits": row.bits}
                for kind, row in forms.items()
                if row is not None
            }
            for code, forms in worst.items()
        },
        "swap": swap and {"says_b": swap.says_b.value, "real": swap.real.value},
        "exchanged": found.collapse.error_z_exchanged_within,
        "recovered": {row.name: {"z": row.r2_z, "w": row.r2_w} for row in found.collapse.recovered},
    }


def _generation(model: Model, data: LabelledData, seed: int, full: bool) -> dict[str, Any]:
    """Return coverage of drawn and of real samples, both against real ones, and class consistency."""
    found = generation(model, data, seed, quick=not full)
    return {
        "coverage": found.drawn and found.drawn.coverage,
        "real_coverage": found.real and found.real.coverage,
        "consistency": found.consistency,
    }


def _generic(model: Model, data: LabelledData, seed: int, full: bool) -> list[str]:
    """Return the measurements that some dimension of z carries, with the same sign, in every class."""
    report = name_factors(model, data, seed, quick=not full)
    return sorted({report.measurements[f.measurement] for f in report.generic if f.measurement is not None})


def _truth(model: Model, data: LabelledData, seed: int, full: bool) -> dict[str, Any]:
    """Return the R² of every known factor from each code, and the exact swap error."""
    found = ground_truth(model, data, seed, quick=not full).to_json()
    return {"recovered": found["recovered"], "swap": found["swap"]}


def _samples(split: CodedSplit, code: str) -> NDArray[np.float32]:
    return split.z if code == "z" else split.w
