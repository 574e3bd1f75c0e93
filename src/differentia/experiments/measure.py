"""What is measured on a finished run: the report's classifier, the audit, errors and divergences."""

import warnings
from typing import Any

import numpy as np
import torch
from joblib import parallel_config
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from differentia.data.dataset import LabelledData
from differentia.evaluation.audit import audit
from differentia.evaluation.battery import INPUTS
from differentia.evaluation.coding import CodedSplit, code_split
from differentia.evaluation.factors import name_factors
from differentia.evaluation.generation import generation
from differentia.evaluation.ground_truth import ground_truth
from differentia.experiments.identity import identity
from differentia.models.batched import decode_all, squared_errors
from differentia.models.two_code import TwoCodeModel
from differentia.objectives.class_loss import Classifier, class_loss

VERSION = 2
"""Raised when `measure` measures something else, so that stored results are measured again."""

PROBE_HIDDEN = [256]
"""Capacity of the report's classifier, which is that of the preset ``report``."""

_EPOCHS, _BATCH, _RATE = 15, 512, 1e-3


def measure(model: TwoCodeModel, data: LabelledData, seed: int, full: bool = False) -> dict[str, Any]:
    """Measure a trained model.

    Parameters
    ----------
    model : TwoCodeModel
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
        ``kl_z`` and ``kl_w`` in nats, ``chance``, ``full`` as given, and ``identity`` of section 3.1 for the
        naive model.
    """
    train, test = code_split(model, data.train, seed), code_split(model, data.test, seed)
    codes = ("z", "w") if model.settings.w_dim else ("z",)
    decoded = decode_all(model, test.z, test.w, test.y)
    return {
        "full": full,
        "chance": float(np.bincount(test.y).max() / len(test)),
        "accuracy": {
            code: report_probe(_samples(train, code), train.y, _samples(test, code), test.y, seed)
            for code in codes
        },
        "audit": _audit(model, data, seed, full) if model.settings.w_dim else None,
        "generation": _generation(model, data, seed, full) if model.settings.w_dim else None,
        "generic": _generic(model, data, seed, full) if model.settings.w_dim else None,
        "truth": _truth(model, data, seed, full)
        if model.settings.w_dim and data.test.factors is not None
        else None,
        "squared_error": float(squared_errors(model, decoded, test.x).mean()),
        "kl_z": float(test.posterior.z_kl().sum(1).mean()),
        "kl_w": float(test.posterior.w_kl().sum(1).mean()) if model.settings.w_dim else None,
        "identity": None if model.settings.w_dim else identity(train.posterior, seed).to_json(),
    }


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
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probe = Classifier(codes.shape[1], PROBE_HIDDEN, int(y.max()) + 1)
    optimiser = torch.optim.Adam(probe.parameters(), lr=_RATE)
    inputs, labels = torch.from_numpy(codes), torch.from_numpy(y)
    # At least as many steps as 10,000 samples give, so that a small set is learnt too.
    epochs = max(_EPOCHS, _EPOCHS * 20 // max(1, len(y) // _BATCH))
    for _ in range(epochs):
        for rows in torch.randperm(len(y), generator=generator).split(_BATCH):  # type: ignore[no-untyped-call]
            loss = class_loss(probe(inputs[rows]), labels[rows], "binary")
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    with torch.inference_mode():
        answers = probe(torch.from_numpy(test_codes)).argmax(1).numpy()
    return float((answers == test_y).mean())


def _audit(model: TwoCodeModel, data: LabelledData, seed: int, full: bool) -> dict[str, Any]:
    """Return the audit's worst cases, a probe and its accuracy and bits for each form of each code."""
    # Runs fill the cores already, so the audit keeps to this process. A logistic probe that stops at its most
    # iterations is a probe all the same, and its remark would cut through the progress of all runs.
    with parallel_config("sequential"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = audit(model, data, seed, quick=not full)
    worst = {code: {kind: found.figure(code, kind) for kind in INPUTS} for code in ("z", "w")}
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
        "swap": {"says_b": found.swap.says_b.value, "real": found.swap.real.value},
        "exchanged": found.collapse.error_z_exchanged_within,
        "recovered": {row.name: {"z": row.r2_z, "w": row.r2_w} for row in found.collapse.recovered},
    }


def _generation(model: TwoCodeModel, data: LabelledData, seed: int, full: bool) -> dict[str, Any]:
    """Return coverage of drawn and of real samples, both against real ones, and class consistency."""
    found = generation(model, data, seed, quick=not full)
    return {
        "coverage": found.drawn and found.drawn.coverage,
        "real_coverage": found.real and found.real.coverage,
        "consistency": found.consistency,
    }


def _generic(model: TwoCodeModel, data: LabelledData, seed: int, full: bool) -> list[str]:
    """Return the measurements that some dimension of z carries, with the same sign, in every class."""
    report = name_factors(model, data, seed, quick=not full)
    return sorted({report.measurements[f.measurement] for f in report.generic if f.measurement is not None})


def _truth(model: TwoCodeModel, data: LabelledData, seed: int, full: bool) -> dict[str, Any]:
    """Return the R² of every known factor from each code, and the exact swap error."""
    found = ground_truth(model, data, seed, quick=not full).to_json()
    return {"recovered": found["recovered"], "swap": found["swap"]}


def _samples(split: CodedSplit, code: str) -> NDArray[np.float32]:
    return split.z if code == "z" else split.w
