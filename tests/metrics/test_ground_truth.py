"""Oracles whose codes are the factors themselves go through the whole path and score what they must."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from differentia.data import kinds
from differentia.data.dataset import LabelledData, Split
from differentia.errors import DifferentiaError
from differentia.metrics.ground_truth.interventions import intervene
from differentia.metrics.ground_truth.score import GroundTruth, _one_meaning, ground_truth
from differentia.model.base import Codes, Gaussians, Model
from differentia.model.gaussian import Gaussian
from small import small_model

LOW = np.array([factor.low for factor in kinds.FACTORS])
HIGH = np.array([factor.high for factor in kinds.FACTORS])


class Oracle(Model):
    """Looks up what a picture was rendered from: z its generic and w its specific factors, scaled to [−1, 1].

    With `crossed`, z and w change places.
    """

    device = torch.device("cpu")  # it has no parameters

    def __init__(self, seen: dict[bytes, np.ndarray], crossed: bool = False) -> None:
        dims = {"z": 2, "w": 5} if crossed else {"z": 5, "w": 2}
        super().__init__((32, 32, 1), len(kinds.CLASSES), dims)
        self.seen, self.crossed = seen, crossed

    def normalise(self, raw: Tensor) -> Tensor:
        return raw

    def prior(self, y: Tensor) -> Gaussians:
        return {name: Gaussian(torch.zeros(dim), torch.zeros(dim)) for name, dim in self.dims.items()}

    def encode(self, x: Tensor, y: Tensor, quantise: bool = True) -> Gaussians:
        known = np.stack([self.seen[picture.tobytes()] for picture in x.numpy()])
        scaled = 2 * (known - LOW) / (HIGH - LOW) - 1
        generic = scaled[:, kinds.GENERIC]
        specific = np.stack(
            [row[list(kinds.SPECIFIC[kind])] for row, kind in zip(scaled, y.tolist(), strict=True)]
        )
        z, w = (specific, generic) if self.crossed else (generic, specific)
        codes = {"z": torch.tensor(z).float(), "w": torch.tensor(w).float()}
        return {name: Gaussian(code, torch.full_like(code, -20.0)) for name, code in codes.items()}

    def decode(self, code: Codes, y: Tensor) -> SimpleNamespace:
        generic, specific = (code["w"], code["z"]) if self.crossed else (code["z"], code["w"])
        factors = np.full((len(y), len(LOW)), np.nan)
        for row, kind in enumerate(y.tolist()):
            factors[row, list(kinds.GENERIC)] = generic[row]
            factors[row, list(kinds.SPECIFIC[kind])] = specific[row]
        pictures = kinds.render(y.numpy(), (LOW + (factors + 1) / 2 * (HIGH - LOW)).astype(np.float32))
        return SimpleNamespace(mean=torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[bytes, np.ndarray]:
    """Factors of every picture rendered in the test, by its pixels."""
    remembered: dict[bytes, np.ndarray] = {}
    render: Callable[..., np.ndarray] = kinds.render

    def remembering(classes: np.ndarray, factors: np.ndarray) -> np.ndarray:
        pictures = render(classes, factors)
        remembered.update({picture.tobytes(): row for picture, row in zip(pictures, factors, strict=True)})
        return pictures

    monkeypatch.setattr(kinds, "render", remembering)
    return remembered


def recovered(truth: GroundTruth, generic: bool, code: str) -> np.ndarray:
    entries = [entry for entry in truth.recovered if (entry.class_name is None) == generic]
    assert len(entries) == (5 if generic else 10)
    return np.array([getattr(entry, f"from_{code}") for entry in entries])


@pytest.mark.slow
def test_codes_that_are_the_factors_score_one_and_the_crossed_blocks_nothing(
    seen: dict[bytes, np.ndarray],
) -> None:
    data = kinds.kinds(100, 3000, seed=1)
    truth = ground_truth(Oracle(seen), data, seed=0, quick=True)

    for code, factors in (("z", "generic"), ("w", "specific")):
        for name in (None, *data.class_names):
            block = truth.block(code, factors, name)
            assert block.mig > 0.85  # 1 but for the bias of 600 samples a class
            assert min(block.sap, block.disentanglement, block.completeness, block.informativeness) > 0.95
            assert min(block.factor_vae, block.beta_vae) > 0.9
            assert block.chance == pytest.approx(1 / (5 if factors == "generic" else 2))
    assert truth.block("z", "generic").modularity > 0.95
    for code, factors in (("z", "specific"), ("w", "generic")):
        pooled = truth.block(code, factors)
        assert max(pooled.mig, pooled.sap, pooled.informativeness, pooled.disentanglement) < 0.1
        assert max(pooled.factor_vae, pooled.beta_vae) < pooled.chance + 0.15

    assert recovered(truth, True, "z").min() > 0.98
    assert recovered(truth, False, "w").min() > 0.95
    assert recovered(truth, True, "w").max() < 0.05
    assert recovered(truth, False, "z").max() < 0.05

    assert min(entry.one_meaning for entry in truth.recovered if entry.class_name is None) > 0.98
    assert all(np.isnan(entry.one_meaning) for entry in truth.recovered if entry.class_name is not None)

    assert truth.swap is not None
    assert truth.swap.swapped < 0.05  # noise of e⁻¹⁰ and grey levels rounded twice
    assert truth.swap.reconstruction < 0.05
    assert truth.swap.class_mean > 20


@pytest.mark.slow
def test_exchanged_codes_are_found_out(seen: dict[bytes, np.ndarray]) -> None:
    data = kinds.kinds(100, 3000, seed=2)
    truth = ground_truth(Oracle(seen, crossed=True), data, seed=0, quick=True)
    assert truth.block("w", "generic").mig > 0.9
    assert truth.block("z", "specific").mig > 0.8
    assert truth.block("z", "generic").mig < 0.1
    assert truth.block("w", "specific").mig < 0.1
    assert recovered(truth, False, "z").min() > 0.9
    assert recovered(truth, True, "z").max() < 0.1
    assert max(entry.one_meaning for entry in truth.recovered if entry.class_name is None) < 0.2
    # Each reconstruction is right and each swap is wrong: it takes a's form and b's place.
    assert truth.swap is not None
    assert truth.swap.reconstruction < 0.05
    assert truth.swap.swapped > 20


def test_interventions_hold_one_factor_fixed_and_draw_the_others(seen: dict[bytes, np.ndarray]) -> None:
    ring = kinds.CLASSES.index("ring")
    columns = kinds.GENERIC + kinds.SPECIFIC[ring]
    groups = intervene(Oracle(seen), ring, seed=4, per_factor=5, length=6)
    assert groups.z.shape == (35, 6, 5)
    assert groups.w.shape == (35, 6, 2)
    spread = np.ptp(np.concatenate([groups.z, groups.w], axis=2), axis=1)
    held = groups.fixed[:, None] == np.array(columns)
    assert np.bincount(groups.fixed)[list(columns)].tolist() == [5] * 7
    assert spread[held].max() < 0.01
    assert spread[~held].min() > 0.1
    own = groups.among(kinds.SPECIFIC[ring])
    assert sorted(own.fixed.tolist()) == [0] * 5 + [1] * 5
    assert np.ptp(own.w[own.fixed == 1, :, 1], axis=1).max() < 0.01

    again, other = (intervene(Oracle(seen), ring, seed=s, per_factor=5, length=6) for s in (4, 5))
    np.testing.assert_array_equal(groups.z, again.z)
    np.testing.assert_array_equal(groups.fixed, again.fixed)
    assert (groups.z != other.z).any()


def test_pooled_interventions_draw_the_class_too(seen: dict[bytes, np.ndarray]) -> None:
    groups = intervene(Oracle(seen), None, seed=4, per_factor=5, length=6)
    assert sorted(set(groups.fixed.tolist())) == list(kinds.GENERIC)
    classes = {int(np.flatnonzero(np.isfinite(row[5:]))[0]) // 2 for row in seen.values()}
    assert classes == set(range(5))


@pytest.fixture(scope="module")
def bars() -> LabelledData:
    """Vectors whose features are the factors: a scale in both classes, a bend in the second one only."""
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    factors = rng.uniform(size=(400, 2)).astype(np.float32)
    factors[y == 0, 1] = np.nan
    x = np.nan_to_num(factors) + rng.normal(0, 0.01, (400, 2)).astype(np.float32)
    split = Split(x, y, factors)
    return LabelledData("bars", split, split, ("straight", "bent"), ("scale", "bent.bend"))


@pytest.fixture
def naive() -> Model:
    """An untrained model without w."""
    torch.manual_seed(0)
    return small_model((2,), 2, w_dim=0, likelihood="gaussian")


def test_data_that_cannot_be_rendered_get_the_scores_that_need_no_rendering(
    bars: LabelledData, naive: Model
) -> None:
    truth = ground_truth(naive, bars, seed=0)
    assert truth.swap is None
    assert [(block.code, block.factors, block.class_name) for block in truth.blocks] == [
        ("z", "generic", None),
        ("z", "specific", None),
        ("z", "generic", "straight"),
        ("z", "generic", "bent"),
        ("z", "specific", "bent"),
    ]
    assert np.isfinite(truth.block("z", "generic").mig)
    assert np.isnan(truth.block("z", "generic").beta_vae)
    assert [(entry.name, entry.class_name) for entry in truth.recovered] == [
        ("scale", None),
        ("bent.bend", "bent"),
    ]
    assert all(np.isnan(entry.from_w) for entry in truth.recovered)
    with pytest.raises(KeyError):
        truth.block("w", "generic")


def test_scores_repeat_and_are_plain_json(bars: LabelledData, naive: Model) -> None:
    first, again, other = (ground_truth(naive, bars, seed).to_json() for seed in (5, 5, 6))
    assert first == again != other
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    assert first["blocks"][0]["beta_vae"] is None


def test_factors_that_do_not_vary_are_left_out_of_the_blocks(bars: LabelledData, naive: Model) -> None:
    factors = bars.test.factors.copy()
    factors[bars.test.y == 1, 0] = 0.5
    data = replace(bars, test=replace(bars.test, factors=factors))
    truth = ground_truth(naive, data, seed=0)
    assert [block.class_name for block in truth.blocks if block.factors == "generic"] == [None, "straight"]


def test_data_without_factors_are_refused(bars: LabelledData, naive: Model) -> None:
    data = replace(bars, test=replace(bars.test, factors=None))
    with pytest.raises(DifferentiaError, match="no ground-truth factors"):
        ground_truth(naive, data, seed=0)


def test_a_dimension_whose_sign_depends_on_the_class_has_no_meaning() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    z = rng.standard_normal((300, 2)).astype(np.float32)
    turned = z[:, 0] * np.where(y == 1, -1, 1)
    values = np.stack([turned, np.exp(-z[:, 1])], axis=1)
    assert _one_meaning(z, values, y).tolist() == pytest.approx([0.0, 1.0], abs=0.15)
