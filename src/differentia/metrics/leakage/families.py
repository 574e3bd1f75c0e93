"""The four families of probes: functions that fit a classifier to standardised codes."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from differentia.metrics.judges import Schedule, shuffler, train_judge
from differentia.model.networks import perceptron

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
Answer = Callable[[Floats], NDArray[np.float64]]
"""Maps codes ``[n, d]`` to probabilities ``[n, n_classes]``."""

Fit = Callable[[Floats, Labels, Floats, Labels, int, int], Answer]
"""Takes codes and classes to fit on, codes and classes held out (to stop early or to choose a size by, never
the test split), the number of classes and a seed."""

NEIGHBOURS = (5, 15, 50)
"""Sizes of the neighbourhood that `neighbours` chooses from."""


def logistic(x: Floats, y: Labels, held_x: Floats, held_y: Labels, n_classes: int, seed: int) -> Answer:
    """Multinomial logistic regression, all but unregularised (C = 100)."""
    fitted = LogisticRegression(C=100.0, max_iter=300, tol=1e-3).fit(x, y)
    return lambda codes: _all_classes(fitted.predict_proba(codes), fitted.classes_, n_classes)


def trees(x: Floats, y: Labels, held_x: Floats, held_y: Labels, n_classes: int, seed: int) -> Answer:
    """Gradient-boosted trees, stopped early on a tenth of their own samples where every class has ten."""
    fitted = HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.15,
        max_leaf_nodes=15,
        early_stopping=bool(np.bincount(y, minlength=n_classes).min() >= 10),
        n_iter_no_change=5,
        random_state=seed,
    ).fit(x, y)
    return lambda codes: _all_classes(fitted.predict_proba(codes), fitted.classes_, n_classes)


def _all_classes(answers: NDArray[np.float64], known: Labels, n_classes: int) -> NDArray[np.float64]:
    """Give classes that were not among the training samples probability 0."""
    full = np.zeros((len(answers), n_classes))
    full[:, known] = answers
    return full


def neighbours(x: Floats, y: Labels, held_x: Floats, held_y: Labels, n_classes: int, seed: int) -> Answer:
    """K nearest neighbours, k chosen among `NEIGHBOURS` by the held-out cross-entropy.

    The answer is (votes + prior) / (k + 1): one pseudo-vote spread by how frequent the classes are.
    """
    prior = np.bincount(y, minlength=n_classes) / len(y)
    sizes = [k for k in NEIGHBOURS if k <= len(x)] or [len(x)]
    index = NearestNeighbors(n_neighbors=max(sizes), algorithm="brute").fit(x)

    def nearest(codes: Floats) -> Labels:
        found: Labels = y[index.kneighbors(codes, return_distance=False)]
        return found

    def shares(labels: Labels, k: int) -> NDArray[np.float64]:
        offsets = np.arange(len(labels))[:, None] * n_classes
        votes = np.bincount((labels[:, :k] + offsets).ravel(), minlength=len(labels) * n_classes)
        smoothed: NDArray[np.float64] = (votes.reshape(-1, n_classes) + prior) / (k + 1)
        return smoothed

    near, rows = nearest(held_x), np.arange(len(held_y))

    def loss(k: int) -> float:
        return float(-np.log(shares(near, k)[rows, held_y] + 1e-6).mean())

    best = min(sizes, key=loss)
    return lambda codes: shares(nearest(codes), best)


def mlp(x: Floats, y: Labels, held_x: Floats, held_y: Labels, n_classes: int, seed: int) -> Answer:
    """Perceptron with two hidden layers of 256, the weights of its best epoch on the held-out samples.

    AdamW with the learning rate falling linearly from 3e-3 to 0 over 12 passes (more on small sets, so that
    there are at least 400 steps), stopped after three passes without improvement.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = perceptron([x.shape[1], 256, 256, n_classes])
    batch = min(512, max(32, len(x) // 20))
    epochs = max(12, -(-400 // -(-len(x) // batch)))
    inputs = torch.from_numpy(x)
    train_judge(
        network,
        lambda rows: inputs[rows],
        torch.from_numpy(y),
        Schedule(epochs, batch, rate=3e-3, weight_decay=1e-3, patience=3 * epochs // 12),
        shuffler(len(x), seed),
        held=(torch.from_numpy(held_x), torch.from_numpy(held_y)),
    )

    def answer(codes: Floats) -> NDArray[np.float64]:
        with torch.inference_mode():
            probabilities: NDArray[np.float64] = network(torch.from_numpy(codes)).double().softmax(1).numpy()
        return probabilities

    return answer
