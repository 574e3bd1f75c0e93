"""Disentanglement metrics of the literature, as pure functions on codes and ground-truth factors.

All scores reach 1 for a code that holds each factor in one dimension of its own. Factors are continuous here
(a discrete factor may be given by its numbers): the metrics that need mutual information cut codes and
factors into 20 bins of equal width, as Locatello et al. 2019 (*Challenging Common Assumptions*) do for codes;
SAP and DCI take regressions instead of classifications.

The last two metrics need interventions: groups of samples that share the value of one factor, everything
else being drawn afresh.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Array = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]

BINS = 20
"""Bins of equal width between the smallest and the largest value."""


def mutual_information(codes: Array, factors: Array) -> tuple[Doubles, Doubles]:
    """Mutual information of every dimension with every factor, both cut into `BINS` bins.

    Parameters
    ----------
    codes : ndarray
        float ``[n, d]``.
    factors : ndarray
        float ``[n, k]``, without NaN.

    Returns
    -------
    information : ndarray
        float64 ``[d, k]``, nats. The plug-in estimate: for independent values it exceeds 0 by about
        ``(BINS − 1)² / 2n``.
    entropy : ndarray
        Entropy of every binned factor, float64 ``[k]``, nats.
    """
    code_bins = np.stack([_bins(column) for column in codes.T], axis=1)
    information, entropy = np.empty((codes.shape[1], factors.shape[1])), np.empty(factors.shape[1])
    for place, column in enumerate(factors.T):
        factor_bins = _bins(column)
        entropy[place] = _entropy(np.bincount(factor_bins))
        for dimension, own in enumerate(code_bins.T):
            joint = np.bincount(own * BINS + factor_bins)
            together = _entropy(np.bincount(own)) + entropy[place] - _entropy(joint)
            information[dimension, place] = max(together, 0.0)
    return information, entropy


def _bins(values: Array) -> NDArray[np.int64]:
    edges = np.histogram_bin_edges(values, BINS)
    return np.digitize(values, edges[1:-1]).astype(np.int64)


def _entropy(counts: NDArray[np.int64]) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def mig(codes: Array, factors: Array) -> float:
    """Mutual information gap (Chen et al. 2018, *Isolating Sources of Disentanglement*, eq. 6).

    The mean over factors of the gap between the two most informative dimensions, over the factor's entropy.
    The plug-in estimate of `mutual_information` lifts the second best of a perfect code above 0 and so
    lowers the score, by about ``(BINS − 1)² / 2n`` over ln 20: 0.01 at n = 10,000 and 0.12 at n = 500.

    Parameters
    ----------
    codes : ndarray
        float ``[n, d]``, d ≥ 2.
    factors : ndarray
        float ``[n, k]``; every factor varies.

    Returns
    -------
    float
        0 (the two best dimensions say the same, or nothing) to 1.
    """
    information, entropy = mutual_information(codes, factors)
    return float(np.mean(_gap(information) / entropy))


def sap(codes: Array, factors: Array) -> float:
    """Separated attribute predictability (Kumar et al. 2018, section 3), for continuous factors.

    The mean over factors of the gap between the two dimensions that predict it best, each by the R² of a
    straight line, which is the squared correlation. A constant dimension predicts nothing.

    Parameters
    ----------
    codes : ndarray
        float ``[n, d]``, d ≥ 2.
    factors : ndarray
        float ``[n, k]``; every factor varies.

    Returns
    -------
    float
        0 to 1. It stays below 1 for a factor that the code holds through a monotone but curved function.
    """
    return float(np.mean(_gap(_squared_correlations(codes, factors))))


def _squared_correlations(codes: Array, factors: Array) -> Doubles:
    c, f = (np.asarray(a, dtype=np.float64) - a.mean(axis=0, dtype=np.float64) for a in (codes, factors))
    spread = np.square(c).mean(axis=0)
    alive = spread > 1e-12
    square = np.square(c.T @ f / len(c)) / (np.where(alive, spread, 1.0)[:, None] * np.square(f).mean(axis=0))
    return np.asarray(square * alive[:, None])


def _gap(scores: Doubles) -> Doubles:
    """Return the best minus the second best score of every factor, from ``[d, k]``."""
    ordered = np.sort(scores, axis=0)
    return np.asarray(ordered[-1] - ordered[-2])


def modularity(codes: Array, factors: Array) -> float:
    """Modularity (Ridgeway & Mozer 2018, *Learning Deep Disentangled Embeddings with the F-Statistic Loss*).

    For every dimension 1 − Σ m² / (θ² (k − 1)), m being its information about the factors other than the
    best and θ that about the best; averaged over dimensions. One that says nothing at all counts 0.

    The ratio ignores how *much* a dimension says: noise, whose information estimates are small but never 0,
    gets a middling score. Read it beside the other metrics.

    Parameters
    ----------
    codes : ndarray
        float ``[n, d]``.
    factors : ndarray
        float ``[n, k]``, k ≥ 2.

    Returns
    -------
    float
        0 (every dimension informs alike about every factor) to 1 (each about one factor).
    """
    squared = np.square(mutual_information(codes, factors)[0])
    best = squared.max(axis=1)
    others = squared.sum(axis=1) - best
    return float(
        np.mean(np.where(best > 0, 1 - others / (np.where(best > 0, best, 1) * (squared.shape[1] - 1)), 0))
    )


class DCI(NamedTuple):
    """The three scores of Eastwood & Williams 2018, *A Framework for the Quantitative Evaluation*."""

    disentanglement: float
    completeness: float
    informativeness: float


def dci(codes: Array, factors: Array, seed: int) -> DCI:
    """Disentanglement, completeness and informativeness (Eastwood & Williams 2018, section 2).

    Random forests predict each factor from all dimensions; how much each dimension lowers their squared
    error gives `importance_scores`. Informativeness is their R² on a held-out quarter, averaged over factors
    (the paper gives the normalised error instead).

    Parameters
    ----------
    codes : ndarray
        float ``[n, d]``, d ≥ 2.
    factors : ndarray
        float ``[n, k]``, k ≥ 2.
    seed : int
        Seed of the held-out quarter and of the forests.

    Returns
    -------
    DCI
        Disentanglement and completeness from 0 to 1; informativeness at most 1, about 0 (a little below is
        usual) for a code that says nothing.
    """
    train, test = train_test_split(np.arange(len(codes)), test_size=0.25, random_state=seed)
    importance, recovered = np.empty((codes.shape[1], factors.shape[1])), np.empty(factors.shape[1])
    for place, factor in enumerate(factors.T):
        forest = RandomForestRegressor(10, min_samples_leaf=10, max_samples=0.5, random_state=seed)
        forest.fit(codes[train], factor[train])
        importance[:, place] = forest.feature_importances_
        recovered[place] = r2_score(factor[test], forest.predict(codes[test]))
    return DCI(*importance_scores(importance), float(recovered.mean()))


def importance_scores(importance: Doubles) -> tuple[float, float]:
    """Disentanglement and completeness of an importance matrix (Eastwood & Williams 2018, section 2).

    Disentanglement is 1 − the entropy, to base k, of each dimension's importances over factors; completeness
    is 1 − the entropy, to base d, of each factor's over dimensions; each averaged with weights in proportion
    to the row's or column's sum.

    Parameters
    ----------
    importance : ndarray
        Not negative, float64 ``[d, k]``, d ≥ 2 and k ≥ 2.

    Returns
    -------
    tuple of float
        Disentanglement and completeness, 0 to 1; both 0 where no dimension matters.
    """
    total = importance.sum()
    if not total > 0:
        return 0.0, 0.0

    def score(rows: Doubles) -> float:
        sums = rows.sum(axis=1)
        shares = rows / np.where(sums > 0, sums, 1)[:, None]
        entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1) / np.log(rows.shape[1])
        return float(((1 - entropy) * sums).sum() / total)

    return score(importance), score(importance.T)


def factor_vae_score(groups: Array, fixed: NDArray[np.int64], scale: Array) -> float:
    """FactorVAE score (Kim & Mnih 2018, *Disentangling by Factorising*, section 4).

    In each group the dimension that varies least, relative to its variance over all data, votes for the
    factor that the group holds fixed. A majority-vote classifier, dimension to factor, is made from every
    other group, and its accuracy on the rest is the score.

    Parameters
    ----------
    groups : ndarray
        Codes, float ``[m, l, d]``: m groups of l samples.
    fixed : ndarray
        Which factor each group holds fixed, int64 ``[m]``.
    scale : ndarray
        Variance of each dimension over all data, float ``[d]``. Dimensions without variance do not vote.

    Returns
    -------
    float
        Accuracy: 1 divided by the number of factors is chance.
    """
    alive = scale > 0
    if not alive.any():
        return float(np.bincount(fixed[1::2]).max() / len(fixed[1::2]))
    winner = np.argmin(groups[:, :, alive].var(axis=1, ddof=1) / scale[alive], axis=1)
    votes = np.zeros((alive.sum(), fixed.max() + 1), dtype=np.int64)
    np.add.at(votes, (winner[::2], fixed[::2]), 1)
    return float(np.mean(votes.argmax(axis=1)[winner[1::2]] == fixed[1::2]))


def beta_vae_score(groups: Array, fixed: NDArray[np.int64]) -> float:
    """Score of Higgins et al. 2017, *beta-VAE*, section 3.

    Neighbours in a group are taken as pairs; the absolute difference of their codes, averaged over the pairs,
    is what a linear classifier tells the fixed factor by. It learns from every other group, and its accuracy
    on the rest is the score. (In the paper each pair shares a value of its own, here all pairs of a group
    share one.)

    Parameters
    ----------
    groups : ndarray
        Codes, float ``[m, l, d]``: m groups of l samples, l even.
    fixed : ndarray
        Which factor each group holds fixed, int64 ``[m]``; at least two factors.

    Returns
    -------
    float
        Accuracy: 1 divided by the number of factors is chance.
    """
    differences = np.abs(groups[:, ::2] - groups[:, 1::2]).mean(axis=1)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=10.0, max_iter=1000))
    classifier.fit(differences[::2], fixed[::2])
    return float(classifier.score(differences[1::2], fixed[1::2]))
