"""Whole data sets through a model, and codes that are a fixed function of seed and input."""

import copy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData
from differentia.inference import (
    EncodedData,
    decode_all,
    encode_all,
    fit_code_density,
    generate,
    sample_codes,
)
from differentia.model.vae import VAE, VAEConfig


@pytest.fixture(scope="module")
def encoded(digits: LabelledData, digits_model: VAE) -> EncodedData:
    return encode_all(digits_model, digits.test.x, digits.test.y)


def test_encoding_does_not_depend_on_the_batch_size(
    digits: LabelledData, digits_model: VAE, encoded: EncodedData
) -> None:
    in_parts = encode_all(digits_model, digits.test.x, digits.test.y, batch_size=7)
    for field in ("z_mean", "z_log_variance", "w_mean", "w_log_variance"):
        part, whole = getattr(in_parts, field), getattr(encoded, field)
        assert part.dtype == np.float32
        assert part.shape == (len(digits.test), 4)
        np.testing.assert_allclose(part, whole, atol=1e-5)


def test_decoding_does_not_depend_on_the_batch_size_and_gives_images(
    digits: LabelledData, digits_model: VAE, encoded: EncodedData
) -> None:
    y = digits.test.y
    images = decode_all(digits_model, encoded.z_mean, encoded.w_mean, y)
    in_parts = decode_all(digits_model, encoded.z_mean, encoded.w_mean, y, batch_size=7)
    assert images.shape == digits.test.x.shape
    assert images.dtype == np.float32
    np.testing.assert_allclose(in_parts, images, atol=1e-5)


def test_a_decoding_is_nearer_to_its_image_than_the_mean_of_its_class(
    digits: LabelledData, digits_model: VAE, encoded: EncodedData
) -> None:
    true, y = digits.test.x / 255, digits.test.y
    decoded = decode_all(digits_model, encoded.z_mean, encoded.w_mean, y)
    means = np.stack([digits.train.x[digits.train.y == c].mean(0) / 255 for c in range(10)])
    error, error_of_means = (np.square(guess - true).sum((1, 2, 3)).mean() for guess in (decoded, means[y]))
    assert error < 0.75 * error_of_means


def test_decoded_vectors_are_in_the_units_of_the_data() -> None:
    torch.manual_seed(0)
    model = VAE(
        VAEConfig(z_dim=2, hidden=[8], likelihood="gaussian"), (3,), 2, w_dim=2, decoder_sees_y=True
    ).eval()
    x = np.random.default_rng(0).normal([1e3, -5, 0], [10, 1, 0.1], (500, 3)).astype(np.float32)
    model.fit_normalisation(x)
    zeros = np.zeros((1, 2), np.float32)
    decoded = decode_all(model, zeros, zeros, np.zeros(1, np.int64))
    code = {"z": torch.zeros(1, 2), "w": torch.zeros(1, 2)}
    raw = model.decode(code, torch.zeros(1).long()).mean.detach().numpy()
    np.testing.assert_allclose(decoded, raw * x.std(0) + x.mean(0), rtol=1e-4)


def test_memory_mapped_and_strided_arrays_can_be_encoded(
    digits: LabelledData, digits_model: VAE, encoded: EncodedData
) -> None:
    every_other = encode_all(digits_model, digits.test.x[::2], digits.test.y[::2])
    np.testing.assert_allclose(every_other.z_mean, encoded.z_mean[::2], atol=1e-5)


class TestSampleCodes:
    @pytest.fixture
    def posterior(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8]]:
        rng = np.random.default_rng(0)
        mean, log_variance = (rng.normal(size=(200, 6)).astype(np.float32) for _ in range(2))
        return mean, log_variance, rng.integers(0, 256, (200, 4, 4, 1), dtype=np.uint8)

    def test_repeats_bit_for_bit(self, posterior) -> None:
        assert np.array_equal(sample_codes(*posterior, seed=1), sample_codes(*posterior, seed=1))

    def test_does_not_depend_on_order_or_company(self, posterior) -> None:
        codes = sample_codes(*posterior, seed=1)
        order = np.random.default_rng(1).permutation(200)[:50]
        assert np.array_equal(sample_codes(*(a[order] for a in posterior), seed=1), codes[order])

    def test_equal_inputs_get_equal_noise(self, posterior) -> None:
        mean, log_variance, x = (np.repeat(a[:1], 3, axis=0) for a in posterior)
        codes = sample_codes(mean, log_variance, x, seed=1)
        assert np.array_equal(codes[0], codes[1])

    @pytest.mark.parametrize("other", [{"seed": 2}, {"seed": 1, "stream": 1}], ids=["seed", "stream"])
    def test_another_seed_or_stream_is_another_noise(self, posterior, other: dict[str, int]) -> None:
        zero = np.zeros_like(posterior[0])
        one, two = (sample_codes(zero, zero, posterior[2], **how) for how in ({"seed": 1}, other))
        assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.1

    def test_the_noise_is_standard_normal(self, posterior) -> None:
        mean, log_variance, x = posterior
        codes = sample_codes(mean, log_variance, x, seed=1)
        noise = (codes - mean) / np.exp(0.5 * log_variance)
        assert codes.dtype == np.float32
        assert abs(noise.mean()) < 4 / np.sqrt(noise.size)
        assert abs(noise.std() - 1) < 4 / np.sqrt(2 * noise.size)

    def test_vectors_get_noise_too(self, posterior) -> None:
        mean, log_variance, _ = posterior
        x = np.random.default_rng(3).normal(size=(200, 5)).astype(np.float32)
        assert len(np.unique(sample_codes(mean, log_variance, x, seed=1)[:, 0])) == 200


def test_new_codes_have_the_moments_of_the_codes_in_training(digits: LabelledData, digits_model: VAE) -> None:
    model = copy.deepcopy(digits_model)
    before, _ = model.draw_codes(np.zeros(4000, dtype=np.int64), np.random.default_rng(0))
    np.testing.assert_allclose(before.std(axis=0), 1, atol=0.05)  # the prior, until something is fitted
    fit_code_density(model, torch.from_numpy(digits.train.x), torch.from_numpy(digits.train.y))
    codes = encode_all(model, digits.train.x, digits.train.y)
    for label in (0, 7):
        own = digits.train.y == label
        _, w = model.draw_codes(np.full(20_000, label), np.random.default_rng(1))
        rng = np.random.default_rng(2)
        posterior = codes.w_mean[own] + np.exp(codes.w_log_variance[own] / 2) * rng.standard_normal(
            codes.w_mean[own].shape
        )
        np.testing.assert_allclose(w.mean(axis=0), posterior.mean(axis=0), atol=0.3)
        np.testing.assert_allclose(np.cov(w.T), np.cov(posterior.T), atol=0.4)


def test_samples_are_repeatable_and_differ_by_class(digits_model: VAE) -> None:
    zero, one = (generate(digits_model, np.full(3, c), np.random.default_rng(0)) for c in (0, 1))
    np.testing.assert_array_equal(zero, generate(digits_model, np.full(3, 0), np.random.default_rng(0)))
    assert np.abs(zero - one).max() > 0.1
