"""A split of a data set together with its codes, and the names of codes and their dimensions."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from differentia.data.dataset import Split
from differentia.inference import EncodedData, encode_all, sample_all
from differentia.model.base import Model

Floats = NDArray[np.float32]
CodeName = Literal["z", "w"]
InputName = Literal["samples", "means", "parameters"]

CODES: tuple[CodeName, ...] = get_args(CodeName)

INPUTS: tuple[InputName, ...] = get_args(InputName)
"""What a probe can be given of a code, see `CodedSplit.inputs`."""

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def dimension_name(code: CodeName, dim: int) -> str:
    """Name a dimension as the figures do, counted from 0 as in arrays: ``"z₀"``."""
    return code + str(dim).translate(_SUBSCRIPTS)


@dataclass(frozen=True)
class CodedSplit:
    """Stored samples, their classes, their posteriors and one sample of each code.

    Attributes
    ----------
    x : ndarray
        uint8 ``[n, h, w, c]`` or float32 ``[n, d]``.
    y : ndarray
        int64 ``[n]``.
    posterior : EncodedData
        Means and log-variances of q(z | x) and q(w | x, y).
    z, w : ndarray
        The codes that are handed out: samples, float32 ``[n, |z|]`` and ``[n, |w|]``.
    """

    x: NDArray[np.generic]
    y: NDArray[np.int64]
    posterior: EncodedData
    z: Floats
    w: Floats

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: NDArray[np.int64]) -> "CodedSplit":
        """Return some rows, in the order given."""
        posterior = EncodedData(*(values[rows] for values in vars(self.posterior).values()))
        return CodedSplit(self.x[rows], self.y[rows], posterior, self.z[rows], self.w[rows])

    def forms(self, code: CodeName) -> tuple[InputName, ...]:
        """Return the forms in which a probe can be given a code; one without noise is only itself."""
        handed, p = self.inputs(code, "samples"), self.posterior
        if not handed.shape[1]:
            return ()
        log_variance = p.z_log_variance if code == "z" else p.w_log_variance
        return ("samples",) if log_variance.size and np.isneginf(log_variance).all() else INPUTS

    def inputs(self, code: CodeName, kind: InputName) -> Floats:
        """Return what a probe is given: samples, posterior means μ, or the parameters [μ, log σ²]."""
        if kind == "samples":
            return self.z if code == "z" else self.w
        p = self.posterior
        mean, log_variance = (p.z_mean, p.z_log_variance) if code == "z" else (p.w_mean, p.w_log_variance)
        return mean if kind == "means" else np.hstack([mean, log_variance])


def code_split(
    model: Model,
    split: Split,
    seed: int,
    limit: int | None = None,
    fed: NDArray[np.int64] | None = None,
) -> CodedSplit:
    """Encode a split.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    split : Split
        Samples and classes.
    seed : int
        Seed of the codes' noise (and of the subsample).
    limit : int, optional
        Most samples taken, at random; all by default.
    fed : ndarray, optional
        Classes to tell the encoders instead of the true ones, int64 ``[n]``; the result's `y` stays true.
    """
    x, y = split.x, split.y
    if limit is not None and limit < len(split):
        rows = np.sort(np.random.default_rng(seed).choice(len(split), size=limit, replace=False))
        x, y, fed = x[rows], y[rows], None if fed is None else fed[rows]
    told = y if fed is None else fed
    posterior = encode_all(model, x, told)
    return CodedSplit(x, y, posterior, *sample_all(model, posterior, x, told, seed))
