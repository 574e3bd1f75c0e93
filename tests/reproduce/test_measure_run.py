"""The report's classifier on codes whose accuracy is known, and what a model without w is measured on."""

import numpy as np
import pytest
import torch

from differentia.data.catalogue import load
from differentia.data.settings import DataSettings
from differentia.reproduce.measure_run import measure_run, report_probe
from small import small_model


def draw(n, seed, spread):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, n)
    centres = spread * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=np.float32)
    return centres[y] + rng.standard_normal((n, 2), dtype=np.float32), y


def test_the_classifier_reaches_the_best_possible_accuracy():
    # Four unit Gaussians at (±1, ±1): the best rule is the quadrant, right with Φ(1)² = .708.
    train, test = draw(8000, 0, 1.0), draw(8000, 1, 1.0)
    assert report_probe(*train, *test, seed=0) == pytest.approx(0.708, abs=0.015)


def test_the_classifier_finds_nothing_where_nothing_is():
    train, test = draw(4000, 0, 0.0), draw(8000, 1, 0.0)
    assert report_probe(*train, *test, seed=0) == pytest.approx(0.25, abs=0.03)


def test_the_same_seed_gives_the_same_accuracy():
    train, test = draw(1000, 0, 0.5), draw(1000, 1, 0.5)
    assert report_probe(*train, *test, seed=3) == report_probe(*train, *test, seed=3)


def test_a_model_without_w_is_measured_on_z_alone():
    data = load(DataSettings(source="digits", limit=100))
    torch.manual_seed(0)
    model = small_model(data.shape, 10, w_dim=0)
    found = measure_run(model, data, seed=0)
    assert set(found["accuracy"]) == {"z"}
    assert [name for name, value in found.items() if value is None] == ["truth", "kl_w"]
    assert found["audit"]["w"] == {}
    assert found["chance"] == np.bincount(data.test.y).max() / len(data.test)
    parts = found["kl_identity"]
    assert parts["information_low"] + parts["aggregate_high"] == pytest.approx(parts["kl"])
    assert parts["information_low"] <= parts["information_high"]
