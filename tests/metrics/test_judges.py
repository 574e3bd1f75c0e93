"""Classifiers that judge: accurate, repeatable, and stopped where their schedule says."""

import numpy as np
import pytest
import torch
from torch import nn

from differentia.metrics.judges import ImageClassifier, Schedule, shuffler, train_judge


def test_classifier_of_real_samples_is_accurate_and_repeats(digits):
    classifiers = [ImageClassifier(digits.train, 10, seed=0) for _ in range(2)]
    answers = [classifier.predict(digits.test.x) for classifier in classifiers]
    assert np.mean(answers[0] == digits.test.y) > 0.94
    np.testing.assert_array_equal(*answers)
    as_decoded = digits.test.x.astype(np.float32) / 255
    np.testing.assert_array_equal(classifiers[0].predict(as_decoded), answers[0])


def line(seed: int = 0) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    """A linear classifier, and 200 points of a line whose sign is their class."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Linear(1, 2)
    x = torch.linspace(-1, 1, 200)[:, None]
    return network, x, (x[:, 0] > 0).long()


def test_training_takes_every_sample_once_an_epoch() -> None:
    network, x, y = line()
    taken = []

    def inputs(rows: torch.Tensor) -> torch.Tensor:
        taken.append(rows)
        return x[rows]

    train_judge(network, inputs, y, Schedule(epochs=3, batch=64, rate=0.1), shuffler(200, seed=0))
    assert [len(rows) for rows in taken] == [64, 64, 64, 8] * 3
    for epoch in range(3):
        assert sorted(torch.cat(taken[4 * epoch : 4 * epoch + 4]).tolist()) == list(range(200))


@pytest.mark.parametrize(("patience", "epochs"), [(2, 3), (None, 6)])
def test_the_weights_of_the_epoch_that_held_out_samples_like_best_are_kept(
    patience: int | None, epochs: int
) -> None:
    """Held-out classes are turned round, so that the first epoch is the best and each later one is worse."""
    network, x, y = line()
    once, _, _ = line()
    draw, drawn = shuffler(200, seed=0), []

    def shuffled() -> torch.Tensor:
        drawn.append(draw())
        return drawn[-1]

    schedule = Schedule(epochs=6, batch=200, rate=0.1, fades=False, patience=patience)
    train_judge(network, lambda rows: x[rows], y, schedule, shuffled, held=(x, 1 - y))
    train_judge(once, lambda rows: x[rows], y, Schedule(1, 200, 0.1, fades=False), shuffler(200, seed=0))
    assert len(drawn) == epochs
    assert torch.equal(network.weight, once.weight)


@pytest.mark.parametrize("fades", [True, False])
def test_without_decay_and_fading_it_is_adam(fades: bool) -> None:
    network, x, y = line()
    plain, _, _ = line()
    train_judge(network, lambda rows: x[rows], y, Schedule(2, 50, 0.05, fades=fades), shuffler(200, seed=1))
    adam, draw = torch.optim.Adam(plain.parameters(), lr=0.05), shuffler(200, seed=1)
    for _ in range(2):
        for rows in draw().split(50):
            adam.zero_grad()
            nn.functional.cross_entropy(plain(x[rows]), y[rows]).backward()
            adam.step()
    assert torch.equal(network.weight, plain.weight) == (not fades)
