import json

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from differentia.data.dataset import LabelledData, Split
from differentia.methods.strict import Strict
from differentia.metrics.factors.effects import FULL, QUICK, traversal_effects
from differentia.metrics.factors.naming import NO_NAME, agreement, name_factors
from differentia.model.gaussian import Gaussian
from small import small_model

SIZE, CLASSES = 28, 3


def crosses(pedestal, thickness, x, tall, gain=0.6):
    """Crosses on a grey ground, float ``[n, 1, SIZE, SIZE]``; all arguments ``[n]``."""
    rows, columns = torch.meshgrid(*(2 * [torch.arange(SIZE) - (SIZE - 1) / 2]), indexing="ij")
    pedestal, thickness, x, tall = (p[:, None, None] for p in (pedestal, thickness, x, tall))

    def box(half_height, half_width):
        inside = (half_height + 0.5 - rows.abs()).clamp(0, 1)
        return inside * (half_width + 0.5 - (columns - x).abs()).clamp(0, 1)

    drawn = torch.maximum(box(tall, thickness / 2), box(thickness / 2, torch.full_like(tall, 7.0)))
    return (pedestal + gain * drawn)[:, None]


class CrossDecoder(nn.Module):
    """z0 the ground; z1 the ground in class 0 and the stroke in others; z4 the stroke, reversed in class 2.

    w0 the place; w1 the height in class 1 only. z2 and z3 do nothing.
    """

    def forward(self, codes: Tensor, y: Tensor) -> Tensor:
        z, w = codes[:, :5], codes[:, 5:]
        own = torch.where(y == 0, z[:, 1], 0.0)
        stroke = torch.where(y == 0, 0.0, z[:, 1]) + torch.where(y == 2, -z[:, 4], z[:, 4])
        tall = 7 + torch.where(y == 1, w[:, 1], 0.0)
        return crosses(0.2 + 0.03 * z[:, 0] + 0.03 * own, 4.5 + 0.7 * stroke, w[:, 0], tall)


class FeatureDecoder(nn.Module):
    """Feature 0 is 5 + 2 z0, feature 1 is w0 in class 0 and −w0 in the others."""

    def forward(self, codes: Tensor, y: Tensor) -> Tensor:
        return torch.stack([5 + 2 * codes[:, 0], torch.where(y == 0, codes[:, 1], -codes[:, 1])], dim=1)


class FixedHead(nn.Module):
    """Codes that vary over the samples with spread 1, but for `idle` dimensions, which equal the prior."""

    def __init__(self, inputs: int, dims: int, idle: tuple[int, ...]) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.randn(inputs, dims, generator=torch.Generator().manual_seed(dims)))
        self.idle = torch.tensor([float(d in idle) for d in range(dims)])

    def forward(self, h: Tensor, y: Tensor, quantise: bool = True) -> Gaussian:
        mean = (1 - self.idle) * 2**0.5 * torch.sin(50 * h @ self.mix)
        return Gaussian(mean, (-6 * (1 - self.idle)).expand_as(mean))


def stub(shape, decoder, z_dim, w_dim, idle=()):
    model = small_model(shape, CLASSES, z_dim=z_dim, w_dim=w_dim, likelihood="gaussian", scale=1.0)
    inputs = int(np.prod(shape))
    model.trunk, model.decoder = nn.Flatten(), decoder
    model.z_head, model.w_head = FixedHead(inputs, z_dim, idle), FixedHead(inputs, w_dim, ())
    return model.eval()


def three_classes(x):
    split = Split(x, np.arange(len(x)) % CLASSES)
    return LabelledData("made up", split, split, ("a", "b", "c"))


@pytest.fixture(scope="module")
def cross_data():
    normal = torch.randn(5, 240, generator=torch.Generator().manual_seed(0))
    gain = (0.6 + 0.1 * normal[4])[:, None, None]
    images = crosses(0.2 + 0.04 * normal[0], 4.5 + 0.7 * normal[1], 1.5 * normal[2], 7 + 2 * normal[3], gain)
    return three_classes((255 * images.clamp(0, 1)).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())


@pytest.fixture(scope="module")
def report(cross_data):
    return name_factors(stub((SIZE, SIZE, 1), CrossDecoder(), 5, 2, idle=(2,)), cross_data, seed=0)


def test_a_generic_dimension_gets_its_name_and_full_agreement(report):
    assert report.z[0].sentence.startswith("z₀ · brightness, in 3 of 3 classes, ρ = 1.00")
    assert report.z[0].agreement > 0.99
    assert report.z[0].classes == (0, 1, 2)
    assert report.labels[report.z[0].measurement] == "brightness"


def test_what_a_dimension_was_declared_to_follow_is_said_first(cross_data):
    config = Strict.Config(z_dim=3, w_dim=2, hidden=[8], generic=["shear"], measured=["thickness"])
    torch.manual_seed(0)
    model = Strict.build(config, (SIZE, SIZE, 1), CLASSES).eval()
    sentences = [factor.sentence for factor in name_factors(model, cross_data, seed=0, quick=True).z]
    assert sentences[0].startswith("z₀ · declared slant: ")
    assert sentences[1].startswith("z₁ · declared stroke thickness: ")
    assert "declared" not in sentences[2]


def test_a_dimension_with_another_meaning_in_one_class_is_named_by_the_majority_and_agrees_less(report):
    factor = report.z[1]
    assert factor.sentence.startswith("z₁ · stroke thickness, in 2 of 3 classes, ρ = ")
    assert factor.classes == (1, 2)
    assert factor.by_class[0].startswith("z₁ | a · brightness, ρ = 1.00")
    assert factor.by_class[1].startswith("z₁ | b · stroke thickness")
    assert 0.2 < factor.agreement < 0.7


def test_a_reversed_meaning_is_no_agreement(report):
    factor = report.z[4]
    assert factor.classes == (0, 1)
    assert "in 2 of 3 classes" in factor.sentence
    assert factor.by_class[2].startswith("z₄ | c · stroke thickness, ρ = −")
    assert factor.agreement == pytest.approx(-1 / 3, abs=0.05)


def test_dimensions_that_do_nothing_are_silent_with_and_without_kl(report):
    for dim, has_kl in ((2, False), (3, True)):
        factor = report.z[dim]
        assert factor.sentence == f"{factor.name} · silent"
        assert factor.silent.all()
        assert (factor.kl.min() > 0.1) == has_kl
        assert factor.agreement == 0.0


def test_a_conditional_dimension_is_named_class_by_class(report):
    assert report.w[1].sentence.startswith("w₁ · height in b")
    assert report.w[1].by_class[0] == "w₁ | a · silent"
    assert report.w[1].by_class[1].startswith("w₁ | b · height, ρ = 1.00")
    assert report.w[0].sentence.startswith("w₀ · horizontal position, in 3 of 3 classes, ρ = 1.00")


def test_effects_are_in_standard_deviations_of_the_real_images(report):
    # Four spreads of z0 move the ground by 4 · 0.03; that of the real images varies by 0.04, and the cross.
    column = report.measurements.index("brightness")
    assert report.z[0].effect[:, column] == pytest.approx(4 * 0.03 / 0.042, rel=0.15)
    shift = report.measurements.index("x")
    assert report.w[0].effect[:, shift] == pytest.approx(4 * 1.0 / 1.5, rel=0.2)


def test_the_verdict_counts_the_dimensions_that_hold_everywhere(report):
    assert [factor.dim for factor in report.generic] == [0]
    assert report.sentence.startswith("1 of 5 dimensions of z carries one measurement (|ρ| ≥ 0.9, same sign)")
    assert report.sentence.endswith("in all 3 classes: z₀ brightness.")


def test_quick_finds_the_same_names(report, cross_data):
    model = stub((SIZE, SIZE, 1), CrossDecoder(), 5, 2, idle=(2,))
    quick = name_factors(model, cross_data, seed=0, quick=True)
    for fast, full in zip(quick.z + quick.w, report.z + report.w, strict=True):
        assert (fast.measurement, fast.classes) == (full.measurement, full.classes)
    assert quick.z[0].values.shape == (3, QUICK.steps)
    assert report.z[0].values.shape == (3, FULL.steps)


def test_the_range_follows_the_aggregate_posterior(cross_data):
    model = stub((SIZE, SIZE, 1), CrossDecoder(), 5, 2)
    model.z_head.register_forward_hook(lambda _m, _i, out: Gaussian(3 * out.mean + 7, out.log_variance))
    values = traversal_effects(model, cross_data, 0, QUICK).z.values
    assert values.mean(axis=2) == pytest.approx(7.0, abs=0.6)
    assert np.ptp(values, axis=2) == pytest.approx(4 * 3.0, rel=0.1)


def test_features_of_vectors_and_a_sign_that_depends_on_the_class():
    rng = np.random.default_rng(0)
    data = three_classes(rng.normal(size=(90, 2)).astype(np.float32) * [2, 1] + [5, 0])
    data = three_classes(data.train.x.astype(np.float32))
    found = name_factors(stub((2,), FeatureDecoder(), 1, 1), data, seed=0)
    assert found.z[0].sentence == "z₀ · feature 0, in 3 of 3 classes, ρ = 1.00"
    assert found.w[0].sentence == "w₀ · feature 1 in a, b, c"
    assert found.w[0].agreement == pytest.approx(-1 / 3, abs=0.01)


def test_a_model_without_meaning_gets_no_names(cross_data):
    class Noise(nn.Module):
        def forward(self, codes, y):
            wave = torch.sin(7 * codes.sum(1)) + torch.cos(11 * codes[:, 0])
            return crosses(0.2 + 0.05 * wave, 4 - wave, wave.square(), 7 + wave)

    found = name_factors(stub((SIZE, SIZE, 1), Noise(), 2, 1), cross_data, seed=0)
    assert [factor.sentence for factor in found.z] == [f"z₀ · {NO_NAME}", f"z₁ · {NO_NAME}"]
    assert found.w[0].sentence == f"w₀ · {NO_NAME}"
    assert found.sentence.startswith("No dimension of z carries one measurement")


def test_a_trained_model_is_named_the_same_twice_and_in_plain_json(digits_model, digits):
    first, second = (name_factors(digits_model, digits, seed=1, quick=True).to_json() for _ in range(2))
    assert first == second
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    assert len(first["z"]) == len(first["w"]) == 4
    assert np.array(first["z"][0]["effect"], dtype=float).shape == (10, len(first["measurements"]))


def test_a_model_without_w_has_no_conditional_factors(cross_data):
    class Ground(nn.Module):
        def forward(self, codes, y):
            nothing = 0 * codes[:, 0]
            return crosses(0.2 + 0.03 * codes[:, 0], 4 + nothing, nothing, 7 + nothing)

    model = stub((SIZE, SIZE, 1), Ground(), 1, 1)
    model.w_head = None
    found = name_factors(model, cross_data, seed=0, quick=True)
    assert found.w == ()
    assert [factor.dim for factor in found.generic] == [0]


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ([[1.0, 2.0], [2.0, 4.0]], 1.0),
        ([[1.0, 0.0], [0.0, 1.0]], 0.0),
        ([[1.0, 0.0], [-3.0, 0.0]], -1.0),
        ([[1.0, 0.0], [0.1, 0.0]], 0.0),
        ([[1.0, np.nan], [1.0, 0.0]], 1.0),
        ([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 1 / 3),
    ],
)
def test_agreement(effect, expected):
    assert agreement(np.array(effect)) == pytest.approx(expected)


def test_agreement_needs_two_classes():
    assert np.isnan(agreement(np.ones((1, 3))))
