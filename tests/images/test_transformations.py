"""What each declared transformation does to a picture, measured on the result."""

import math
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from differentia.images.transformations import (
    DIRECTIONS,
    UNDOABLE,
    Transformation,
    directions,
    feasible,
    transformed,
    undone,
)
from differentia.measurements.morphometry import measure

NAMES = get_args(Transformation)


def _blob(height: int = 40, width: int = 40) -> torch.Tensor:
    """An upright soft ellipse of grey .6 at the centre."""
    rows = (torch.arange(height) - (height - 1) / 2)[:, None]
    columns = (torch.arange(width) - (width - 1) / 2)[None]
    inside = 1 - torch.sqrt((rows / 11) ** 2 + (columns / 5) ** 2)
    return (0.6 * torch.sigmoid(8 * inside))[None, None]


def _measured(x: torch.Tensor, name: str) -> float:
    pictures = (x * 255).round().byte().permute(0, 2, 3, 1).numpy()
    measured = measure(pictures)
    return float(measured.values[0, measured.names.index(name)])


def _one(name: str, *strengths: float) -> torch.Tensor:
    return transformed(_blob(), [name], torch.tensor([strengths]))


def test_every_transformation_is_described() -> None:
    assert tuple(DIRECTIONS) == NAMES
    names = [direction.name for direction in directions(NAMES)]
    assert len(set(names)) == len(names)
    assert min(direction.reach for direction in directions(NAMES)) > 0


def test_shift_moves_the_centre_of_mass_right_and_down() -> None:
    moved = _one("shift", 1.0, -0.5)
    assert _measured(moved, "x") - _measured(_blob(), "x") == pytest.approx(0.12 * 40, abs=0.05)
    assert _measured(moved, "y") - _measured(_blob(), "y") == pytest.approx(-0.06 * 40, abs=0.05)


@pytest.mark.parametrize("strength", [-1.0, 0.5])
def test_shear_leans_by_its_angle(strength: float) -> None:
    """An upright shape that is sheared by s leans by arctan s."""
    lean = _measured(_one("shear", strength), "slant") - _measured(_blob(), "slant")
    assert lean == pytest.approx(math.atan(0.4 * strength), abs=0.03)


@pytest.mark.parametrize("strength", [-1.0, 1.0])
def test_scale_and_stretch_multiply(strength: float) -> None:
    area = math.exp(2 * 0.22 * strength)
    assert _one("scale", strength).sum() == pytest.approx(float(_blob().sum()) * area, rel=0.02)
    stretched = _one("stretch", strength)
    assert stretched.sum() == pytest.approx(float(_blob().sum()) * math.exp(0.3 * strength), rel=0.02)
    assert _measured(stretched, "height") == pytest.approx(_measured(_blob(), "height"), abs=0.3)


def test_rotation_is_clockwise_and_keeps_the_form() -> None:
    """The upright shape that turns clockwise leans to the right; turning back gives it again."""
    assert _measured(_one("rotate", 0.3), "slant") > 0.1
    there = transformed(_blob(), ["rotate"], torch.tensor([[0.4]]))
    back = transformed(there, ["rotate"], torch.tensor([[-0.4]]))
    assert (back - _blob()).abs().max() < 0.1


@pytest.mark.parametrize("name", ["rotate", "scale", "stretch", "shear"])
def test_what_changes_the_form_leaves_the_centre_of_mass(name: str) -> None:
    """So that it adds to a shift, in either order."""
    away = transformed(_blob(), ["shift"], torch.tensor([[0.8, -0.5]]))
    changed = transformed(away, [name], torch.tensor([[0.7]]))
    for axis in ("x", "y"):
        assert _measured(changed, axis) == pytest.approx(_measured(away, axis), abs=0.05)
    shifted = transformed(
        transformed(_blob(), [name], torch.tensor([[0.7]])), ["shift"], torch.tensor([[0.8, -0.5]])
    )
    assert (changed - shifted).abs().max() < 0.12  # what two resamplings differ by at the edge


def test_brightening_stops_at_white() -> None:
    bright = 1.3 * _blob()
    strengths = torch.tensor([[1.0, 1.0], [0.3, -0.2]])
    cut = feasible(bright.repeat(2, 1, 1, 1), ["scale", "brightness"], strengths)
    assert torch.equal(cut[:, 0], strengths[:, 0])
    assert cut[1, 1] == -0.2
    brightest = bright.max()
    assert cut[0, 1] == pytest.approx(-math.log(brightest) / 0.5, rel=1e-5)
    whitened = transformed(bright, ["brightness"], cut[:1, 1:])
    assert whitened.max() == pytest.approx(1.0, abs=1e-6)
    assert torch.allclose(whitened, bright / brightest, atol=1e-6)


@pytest.mark.parametrize("name", [*UNDOABLE, "all"])
def test_what_is_undone_is_as_it_was(name: str) -> None:
    """But for the blur of two resamplings at the edge, a pixel wide."""
    names = list(UNDOABLE) if name == "all" else [name]
    strengths = torch.linspace(-0.6, 0.5, len(directions(names)))[None]
    changed = transformed(_blob(), names, strengths)
    back = undone(changed, names, strengths)
    assert (changed - _blob()).abs().mean() > 5 * (back - _blob()).abs().mean()
    assert (back - _blob()).abs().max() < 0.15


@pytest.mark.parametrize("strength", [math.nan, math.inf, 1e6, -1e6])
def test_strengths_of_a_training_that_diverged_crash_nothing(strength: float) -> None:
    """It is to end with a sentence."""
    names = list(UNDOABLE)
    strengths = torch.full((1, len(directions(names))), strength, requires_grad=True)
    transformed(_blob(), names, strengths).sum().backward()
    assert strengths.grad is not None
    undone(_blob(), names, strengths.detach())


def test_rotation_of_an_oblong_picture_keeps_lengths() -> None:
    wide = _blob(40, 80)
    turned = transformed(wide, ["rotate"], torch.tensor([[1.0]]))
    assert turned.sum() == pytest.approx(float(wide.sum()), rel=0.01)
    assert (turned[..., 20:60] - transformed(_blob(), ["rotate"], torch.tensor([[1.0]]))).abs().max() < 1e-4


def test_thickness_grows_and_shrinks_by_a_pixel_on_every_side() -> None:
    square = torch.zeros(1, 1, 28, 28)
    square[..., 10:18, 10:18] = 1.0
    assert transformed(square, ["thickness"], torch.tensor([[1.0]])).sum() == 100
    assert transformed(square, ["thickness"], torch.tensor([[-1.0]])).sum() == 36
    assert transformed(square, ["thickness"], torch.tensor([[0.5]])).sum() == pytest.approx(64 + 18)


def test_thickness_reaches_less_than_a_pixel_in_small_pictures() -> None:
    square = torch.zeros(1, 1, 7, 7)
    square[..., 3, 3] = 1.0
    assert transformed(square, ["thickness"], torch.tensor([[1.0]])).sum() == pytest.approx(1 + 8 / 4)


def test_intensities() -> None:
    blob = _blob()
    assert torch.allclose(_one("brightness", -1.0), blob * math.exp(-0.5))
    flat = _one("contrast", -1.0)
    assert flat.std() == pytest.approx(float(blob.std()) * math.exp(-0.4), rel=1e-4)
    assert flat.mean() == pytest.approx(float(blob.mean()), rel=1e-4)
    sharpness = [_measured(_one("blur", s), "sharpness") for s in (-1.0, 0.0, 1.0)]
    assert sharpness[0] > sharpness[1] > sharpness[2]


def test_midtones_multiply_the_odds_and_leave_black_and_white() -> None:
    x = torch.tensor([0.0, 0.2, 0.5, 0.9, 1.0]).reshape(1, 1, 1, 5)
    lighter = transformed(x, ["midtones"], torch.tensor([[0.25]]))
    odds = (lighter / (1 - lighter))[..., 1:4] / (x / (1 - x))[..., 1:4]
    assert torch.allclose(odds, torch.full_like(odds, math.exp(0.5)), rtol=1e-4)
    assert lighter[0, 0, 0, 0] == 0
    assert lighter[0, 0, 0, 4] == 1


@given(
    st.lists(st.sampled_from(NAMES), unique=True, min_size=1),
    st.sampled_from([(1, 9, 7), (3, 8, 8)]),
    st.integers(0, 1000),
)
def test_any_combination_stays_a_picture_and_strength_0_changes_nothing(
    names: list[Transformation], shape: tuple[int, int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = torch.from_numpy(rng.random((3, *shape), dtype=np.float32))
    count = len(directions(names))
    out = transformed(x, names, torch.from_numpy(rng.uniform(-1, 1, (3, count)).astype(np.float32)))
    assert out.shape == x.shape
    assert ((out >= 0) & (out <= 1)).all()  # false for NaN too
    assert torch.allclose(transformed(x, names, torch.zeros(3, count)), x, atol=1e-5)
