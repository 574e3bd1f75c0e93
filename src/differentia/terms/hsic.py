"""The Hilbert-Schmidt independence criterion of a code and a class (Gretton et al. 2005)."""

import torch
from torch import Tensor

WIDTHS = (0.1, 0.3, 1.0)
"""Widths of the Gaussian kernels, in parts of the mean squared distance of standard normal codes."""


def hsic(code: Tensor, y: Tensor, frequencies: Tensor) -> Tensor:
    """Return Σ_c p(c) MMD²(code given c, code), estimated without bias: a scalar, 0 for independence.

    MMD is the maximum mean discrepancy by the mean of three Gaussian kernels k. With l = [c = c'] / p(c) as
    kernel of the classes the sum is the criterion HSIC. Its unbiased estimate is eq. 5 of Song et al. 2012:
    with K and L, whose diagonal is 0, Σ KL + ΣK ΣL / ((n − 1)(n − 2)) − 2 (K1)·(L1) / (n − 2), all over
    n (n − 3).

    Parameters
    ----------
    code : Tensor
        Codes ``[n, d]`` whose dimensions have a variance of about 1. Below 4 nothing can be told: 0.
    y : Tensor
        Classes, int64 ``[n]``.
    frequencies : Tensor
        p(y), ``[n_classes]``, all above 0.
    """
    n, dim = code.shape
    if n < 4:
        return 0.0 * code.sum()
    squared = (code[:, None] - code[None]).square().sum(-1)
    apart = 1.0 - torch.eye(n, device=code.device)
    k = apart * torch.stack([torch.exp(-squared / (width * 2 * dim)) for width in WIDTHS]).mean(0)
    same = apart * (y[:, None] == y[None]) / frequencies[y]
    crossed = (k.sum(0) * same.sum(0)).sum()
    total: Tensor = (k * same).sum() + k.sum() * same.sum() / ((n - 1) * (n - 2)) - 2 * crossed / (n - 2)
    return total / (n * (n - 3))
