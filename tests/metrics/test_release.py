"""A release has the least noise that its certificate allows, and its codes repeat with a secret key."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from differentia.errors import DifferentiaError
from differentia.inference import EncodedData, sample_codes
from differentia.metrics.certificate import certificate
from differentia.metrics.release import FILE, KEY_FILE, NOISES, Release, find_release, released

N = 2000


@pytest.fixture(scope="module")
def encoded() -> EncodedData:
    """Posteriors of noise .3 whose means are near 1 in one class and near −1 in the other."""
    rng = np.random.default_rng(0)
    mean = np.where(Y == 1, 1.0, -1.0)[:, None] + rng.standard_normal((N, 2))
    empty = np.empty((N, 0), dtype=np.float32)
    z = mean.astype(np.float32), np.full((N, 2), 2 * np.log(0.3), dtype=np.float32)
    return EncodedData(*z, empty, empty, empty, empty)


Y = np.random.default_rng(1).integers(2, size=N)
X = np.arange(N, dtype=np.float32)[:, None]


@pytest.fixture(scope="module")
def release(encoded: EncodedData) -> Release:
    return find_release(encoded, Y, within=0.1, draws=2000)


def test_the_noise_is_the_least_of_the_grid_that_is_near_enough(
    encoded: EncodedData, release: Release
) -> None:
    found = release.certificate
    assert found.bound <= found.chance + 0.1
    finer = NOISES[NOISES.index(found.release_noise) + 1]
    further = certificate(encoded.z_mean, encoded.z_log_variance, Y, release_noise=finer, draws=2000)
    assert further.bound > further.chance + 0.1


def test_the_search_ends_at_the_first_noise_that_is_not_enough(encoded: EncodedData) -> None:
    tried: list[float] = []
    release = find_release(encoded, Y, 0.1, draws=2000, tell=lambda found: tried.append(found.release_noise))
    assert tried == list(NOISES[: len(tried)])
    assert release.certificate.release_noise == tried[-2]


def test_a_code_that_tells_nothing_is_released_as_it_is() -> None:
    nothing = np.zeros((N, 2), dtype=np.float32)
    encoded = EncodedData(nothing, nothing, *[nothing[:, :0]] * 4)
    release = find_release(encoded, Y, 0.07, draws=20_000)
    assert release.certificate.release_noise == 0


def test_too_few_samples_are_told_what_they_can_say() -> None:
    nothing = np.zeros((50, 2), dtype=np.float32)
    few = EncodedData(nothing, nothing, *[nothing[:, :0]] * 4)
    with pytest.raises(
        DifferentiaError, match=r"^50 samples .* points of chance at best, not 5\.0"
    ) as raised:
        find_release(few, Y[:50], 0.05, draws=2000)
    least = re.search(r"within ([\d.]+) points", str(raised.value))
    assert least is not None
    assert find_release(few, Y[:50], float(least[1]) / 100, draws=2000).certificate.bound < 1


def test_codes_repeat_with_their_key_and_have_the_noise(encoded: EncodedData, release: Release) -> None:
    codes = release.codes(encoded, X)
    assert np.array_equal(codes, release.codes(encoded, X))
    other = find_release(encoded, Y, 0.1, draws=2000)
    assert other.key != release.key
    assert not np.array_equal(codes, other.codes(encoded, X))
    noise = release.certificate.release_noise
    added = codes * np.sqrt(1 + noise**2) - encoded.z_mean
    assert added.std() == pytest.approx(np.hypot(noise, 0.3), rel=0.05)
    assert released(encoded, X, 0.0, 7) == pytest.approx(
        sample_codes(encoded.z_mean, encoded.z_log_variance, X, 7)
    )


def test_a_release_is_kept_and_its_key_is_private(
    tmp_path: Path, encoded: EncodedData, release: Release
) -> None:
    assert Release.load(tmp_path) is None
    release.save(tmp_path)
    assert Release.load(tmp_path) == release
    assert str(release.key) not in (tmp_path / FILE).read_text()
    if os.name == "posix":
        assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / KEY_FILE).unlink()
    kept = Release.load(tmp_path)
    assert kept is not None
    with pytest.raises(DifferentiaError, match=r"release\.key, is not in the run's folder"):
        kept.codes(encoded, X)
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(DifferentiaError, match="is damaged"):
        Release.load(tmp_path)
