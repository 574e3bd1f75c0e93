"""Certificates of a fitted estimator, and the codes that it releases with noise."""

from pathlib import Path

import numpy as np
import pytest

from differentia import Differentia
from differentia.errors import DifferentiaError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1200, 4)).astype(np.float32)
Y = np.repeat([3, 5], 600)


@pytest.fixture(scope="module")
def model() -> Differentia:
    return Differentia("report", epochs=1, settings={"model": {"hidden": [8]}}, verbose=False).fit(X, Y)


def test_a_certificate_bounds_the_worst_case_from_above(model: Differentia) -> None:
    found = model.certificate(X, Y)
    assert found.chance == 0.5
    assert found.pairs == 1200
    assert 0.5 <= found.plug_in <= found.bound <= 1
    assert model.certificate(X, Y, confidence=0.5).bound < found.bound
    assert model.certificate(X, Y, release_noise=3).bound < found.bound
    assert "nobody" in found.sentence or "do not bound" in found.sentence


def test_codes_are_released_with_the_noise_that_was_certified(tmp_path: Path) -> None:
    model = Differentia("report", epochs=1, settings={"model": {"hidden": [8]}}, verbose=False).fit(X, Y)
    with pytest.raises(DifferentiaError, match="Nothing is certified yet"):
        model.transform(X, certified=True)
    found = model.certify(X, Y, within=0.08)
    assert found.bound <= 0.58
    codes = model.transform(X, certified=True)
    assert codes.shape == model.transform(X).shape
    assert not np.array_equal(codes, model.transform(X))
    model.save(tmp_path / "run")
    assert np.array_equal(Differentia.load(tmp_path / "run").transform(X, certified=True), codes)
    model.fit(X, Y)
    assert model.release_ is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"within": 0.0}, "within is 0"),
        ({"within": 0.08, "confidence": 1.0}, "confidence is 1"),
        ({"within": 0.001}, "points of chance at best, not 0.1"),
    ],
)
def test_what_makes_no_sense_is_refused(model: Differentia, words: dict[str, float], said: str) -> None:
    with pytest.raises(DifferentiaError, match=said):
        model.certify(X, Y, **words)
    with pytest.raises(DifferentiaError, match="at least 0"):
        model.certificate(X, Y, release_noise=-1)
