import numpy as np
import pytest

from differentia.metrics.codes import code_split
from differentia.metrics.interval import bootstrap_means
from differentia.metrics.leakage import probes
from differentia.metrics.leakage.information import calibrate, class_shares, entropy_bits, information_bits
from differentia.metrics.leakage.probes import PROBE_NAMES, quick_probe, train_probe
from differentia.metrics.leakage.scores import score
from small import small_model


def mixture(n, separation, seed, classes=3, dims=2):
    """Draw Gaussian classes on a circle, with the exact posterior p(y | x) of every point."""
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * np.arange(classes) / classes
    centres = separation * np.column_stack([np.cos(angle), np.sin(angle)] + [0 * angle] * (dims - 2))
    y = rng.integers(0, classes, n)
    x = (centres[y] + rng.standard_normal((n, dims))).astype(np.float32)
    logits = -0.5 * np.square(x[:, None] - centres).sum(2)
    posterior = np.exp(logits - logits.max(1, keepdims=True))
    return x, y, posterior / posterior.sum(1, keepdims=True)


@pytest.mark.parametrize("name", PROBE_NAMES)
def test_probe_reads_the_mutual_information_of_gaussian_classes(name):
    x, y, _ = mixture(4000, 1.5, seed=1)
    test_x, test_y, posterior = mixture(4000, 1.5, seed=2)
    exact = np.log2(3) + np.mean(np.log2(posterior[np.arange(4000), test_y]))
    bayes = np.mean(posterior.argmax(1) == test_y)
    found = score(train_probe(name, x, y, 3, seed=0, limit=4000), test_x, test_y, seed=0)
    assert 0.6 < exact < 1.2
    assert exact - 0.06 < found.bits.value < exact + 0.02
    assert bayes - 0.02 < found.accuracy.value < bayes + 0.01
    assert found.bits.low < found.bits.value < found.bits.high
    assert (found.n_train, found.n_test) == (4000, 4000)


@pytest.mark.parametrize("name", PROBE_NAMES)
def test_detail_of_any_scale_counts(name):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 800, 3)).astype(np.float32), rng.integers(0, 3, (2, 800))
    x[..., 0] = 5 + 1e-4 * y
    found = score(train_probe(name, x[0], y[0], 3, seed=0, limit=2000), x[1], y[1], seed=0)
    assert found.accuracy.value > 0.99


def test_leakage_below_chance_shows_in_the_accuracy_interval():
    """A test split whose labels are turned by one: the probe is always wrong, which is information."""
    x, y, _ = mixture(2000, 6.0, seed=1)
    test_x, test_y, _ = mixture(1000, 6.0, seed=2)
    found = score(train_probe("logistic", x, y, 3, seed=0, limit=2000), test_x, (test_y + 1) % 3, seed=0)
    assert found.accuracy.high < 0.05


def test_a_dimension_that_does_not_vary_is_dropped_and_not_blown_up():
    x, y, _ = mixture(2000, 2.0, seed=1)
    constant = np.full((2000, 1), np.float32(-3.3))
    rounding = np.where(np.arange(2000) % 2, np.float32(1.0), np.nextafter(np.float32(1), np.float32(2)))
    noisy = np.hstack([x, constant, rounding[:, None]]).astype(np.float32)
    probe = train_probe("logistic", noisy, y, 3, seed=0, limit=2000)
    assert probe.standardise.kept.tolist() == [True, True, False, False]
    alone = train_probe("logistic", x, y, 3, seed=0, limit=2000)
    np.testing.assert_array_equal(probe.predict(noisy), alone.predict(x))


@pytest.mark.parametrize("width", [0, 2])
def test_without_a_dimension_that_varies_the_answer_is_the_class_shares(width):
    y = np.repeat([0, 1], [300, 100])
    codes = np.ones((400, width), np.float32)
    found = score(train_probe("mlp", codes, y, 2, seed=0, limit=400), codes, y, seed=0)
    assert found.accuracy.value == 0.75
    assert found.bits.value == pytest.approx(0.0, abs=0.01)


def test_a_class_that_is_missing_in_training_is_never_named_and_costs_bits():
    x, y, _ = mixture(500, 4.0, seed=1)
    kept = y != 2
    for name in PROBE_NAMES:
        found = score(train_probe(name, x[kept], y[kept], 3, seed=0, limit=1000), x, y, seed=0)
        assert 0.55 < found.accuracy.value < 0.75
        assert np.isfinite(found.bits.value)


def test_same_seed_same_answer():
    x, y, _ = mixture(400, 1.0, seed=1)
    for name in PROBE_NAMES:
        first, second = (train_probe(name, x, y, 3, seed=4, limit=300).probabilities(x)[1] for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_usable_information_is_entropy_minus_cross_entropy():
    y = np.array([0, 0, 0, 1])
    answers = np.array([[0.5, 0.5], [0.9, 0.1], [0.8, 0.2], [0.25, 0.75]])
    entropy = entropy_bits(class_shares(y, 2))
    cross = -np.mean(np.log2([0.5, 0.9, 0.8, 0.75]))
    assert information_bits(answers, y).mean() == pytest.approx(entropy - cross)


def test_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    values = (rng.random((200, 300)) < 0.3).astype(float)  # 300 experiments of 200 samples
    low, high = bootstrap_means(values, seed=0)
    covered = np.mean((low <= 0.3) & (high >= 0.3))
    assert 0.90 < covered < 0.985
    assert np.mean(high - low) == pytest.approx(2 * 1.96 * np.sqrt(0.21 / 200), rel=0.05)


def test_calibration_takes_an_overconfident_probe_back_to_the_prior():
    rng = np.random.default_rng(0)
    prior, y = np.array([0.7, 0.3]), (rng.random(2000) < 0.3).astype(int)
    sure = np.where(rng.random(2000)[:, None] < 0.5, [0.999, 0.001], [0.001, 0.999])
    assert information_bits(sure, y).mean() < -3
    calibrated = calibrate(sure, y, prior)(sure)
    assert calibrated.sum(1) == pytest.approx(1.0)
    assert abs(information_bits(calibrated, y).mean()) < 0.01


def test_quick_probe_agrees_with_the_audit_and_skips_a_missing_w(digits, digits_model):
    found = quick_probe(digits_model, digits, seed=0)
    train, test = code_split(digits_model, digits.train, 0), code_split(digits_model, digits.test, 0)
    for code in ("z", "w"):
        inputs, limit = train.inputs(code, "samples"), probes.QUICK["logistic"]
        probe = train_probe("logistic", inputs, train.y, 10, seed=0, limit=limit)
        audited = score(probe, test.inputs(code, "samples"), test.y, seed=0)
        assert found[code] == audited.accuracy.value

    naive = small_model(digits.shape, digits.n_classes, z_dim=3, w_dim=0)
    assert set(quick_probe(naive, digits, seed=0)) == {"z"}


def test_limits_name_every_probe():
    assert set(probes.FULL) == set(probes.QUICK) == set(PROBE_NAMES)
