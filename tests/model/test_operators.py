"""The operators are groups: undone exactly, one-parameter, and the same whatever the sample."""

import math

import pytest
import torch
from torch import Tensor

from differentia.model.operators.base import Operator
from differentia.model.operators.pictures import PictureOperator
from differentia.model.operators.vectors import VectorOperator

NAMES = ("x", "y", "size", "rotation", "width", "slant", "brightness", "contrast", "midtones")
SIDE = 33


def blob(across: float = 0.0, down: float = 0.0, depth: int = 1) -> Tensor:
    """A smooth picture, ``[1, depth, 33, 33]``: an ellipse that lies so many pixels from the centre."""
    places = torch.arange(SIDE) - SIDE // 2
    squared = ((places[None, :] - across) / 3) ** 2 + ((places[:, None] - down) / 1.8) ** 2
    return (0.05 + 0.6 * torch.exp(-squared / 2)).expand(1, depth, SIDE, SIDE)


def strengths(**given: float) -> Tensor:
    return torch.tensor([[given.get(name, 0.0) for name in NAMES]])


def moments(picture: Tensor) -> tuple[float, float, Tensor]:
    """Centre of mass, right and down, and covariance of what is brighter than the ground, in pixels."""
    mass = (picture[0, 0] - picture.min()).clamp(min=0)
    places = torch.arange(SIDE) - SIDE // 2.0
    grid = torch.stack(torch.meshgrid(places, places, indexing="xy"))
    mean = (grid * mass).sum((1, 2)) / mass.sum()
    centred = grid - mean[:, None, None]
    return mean[0].item(), mean[1].item(), torch.einsum("iab,jab,ab->ij", centred, centred, mass) / mass.sum()


def test_shifts_go_right_and_down_by_halves_of_the_frame() -> None:
    operator = PictureOperator((1, SIDE, SIDE))
    across, down, _ = moments(operator(blob(), strengths(x=0.2, y=-0.1)))
    assert across == pytest.approx(0.2 * SIDE / 2, abs=0.05)
    assert down == pytest.approx(-0.1 * SIDE / 2, abs=0.05)


def test_size_and_width_are_logarithms_of_factors() -> None:
    operator = PictureOperator((1, SIDE, SIDE))
    before = moments(blob())[2].diag().sqrt()
    larger, wider = (
        moments(operator(blob(), strengths(**{n: 0.2})))[2].diag().sqrt() for n in ("size", "width")
    )
    assert (larger / before).log().tolist() == pytest.approx([0.2, 0.2], abs=0.03)
    assert (wider / before).log().tolist() == pytest.approx([0.2, 0.0], abs=0.03)


def test_rotation_is_clockwise_and_slant_leans_to_the_right() -> None:
    operator = PictureOperator((1, SIDE, SIDE))
    turned = moments(operator(blob(), strengths(rotation=0.3)))[2]
    angle = 0.5 * math.atan2(2 * turned[0, 1].item(), (turned[0, 0] - turned[1, 1]).item())
    assert angle == pytest.approx(0.3, abs=0.02)  # y points down
    assert moments(operator(blob(), strengths(slant=0.3)))[2][0, 1] < -0.5  # above is right


def test_tones_are_what_they_are_called() -> None:
    operator, x = PictureOperator((1, SIDE, SIDE)), blob()
    assert torch.allclose(operator(x, strengths(brightness=0.3)), x * math.exp(0.3), atol=1e-5)
    assert torch.allclose(
        operator(x, strengths(midtones=0.5)), torch.sigmoid(torch.logit(x) + 0.5), atol=1e-5
    )
    steeper = torch.sigmoid(torch.logit(x) * math.exp(0.2))
    assert torch.allclose(operator(x, strengths(contrast=0.2)), steeper, atol=1e-5)


def test_colours_have_two_balances_and_grey_pictures_have_none() -> None:
    operator, x = PictureOperator((3, SIDE, SIDE)), blob(depth=3)
    assert [g.name for g in operator.generators] == [*NAMES, "warmth", "green"]
    warmer = operator(x, torch.eye(11)[9:10] * 0.4) - x
    assert warmer[0, 0].min() > 0
    assert warmer[0, 1].abs().max() < 1e-5
    assert warmer[0, 2].max() < 0


@pytest.mark.parametrize("name", NAMES)
def test_pictures_come_back_when_undone(name: str) -> None:
    operator, x = PictureOperator((1, SIDE, SIDE)), blob(2.0, -1.0)
    amount = strengths(**{name: 0.25})
    moved = operator(x, amount)
    changed, left = ((picture - x).abs().max() for picture in (moved, operator.undo(moved, amount)))
    assert changed > 0.02
    assert left < 0.4 * changed  # of interpolating twice


def test_pictures_that_are_not_square_turn_by_pixels() -> None:
    """A turn by a right angle of a frame of 1 to 2 keeps distances."""
    operator = PictureOperator((1, 20, 40))
    x = torch.zeros(1, 1, 20, 40)
    x[0, 0, 9:11, 24:26] = 1.0  # 5 pixels right of the centre
    turned = operator(x, strengths(rotation=math.pi / 2))
    assert divmod(int(turned.argmax()), 40) in {(14, 19), (14, 20), (15, 19), (15, 20)}  # 5 pixels below


@pytest.mark.parametrize("kind", ["pictures", "vectors"])
def test_a_generator_makes_a_one_parameter_group(kind: str) -> None:
    torch.manual_seed(0)
    operator: Operator
    if kind == "pictures":
        operator, x, one, two = PictureOperator((1, SIDE, SIDE)), blob(), strengths(x=0.1), strengths(x=0.05)
    else:
        operator, x = VectorOperator(6, 2), torch.randn(4, 6)
        torch.nn.init.normal_(operator.slopes, std=0.3)
        one, two = torch.tensor([[0.7, -0.4]]), torch.tensor([[1.4, -0.8]])
    twice = operator(operator(x, one), two)
    assert torch.allclose(twice, operator(x, one + two), atol=1e-2 if kind == "pictures" else 1e-5)


def test_vectors_come_back_exactly_and_a_flat_slope_is_a_shift() -> None:
    torch.manual_seed(0)
    operator, x, amounts = VectorOperator(6, 2), torch.randn(4, 6), torch.randn(4, 2)
    assert torch.allclose(operator(x, amounts), x + amounts @ operator.shifts, atol=1e-6)
    torch.nn.init.normal_(operator.slopes, std=0.5)
    moved = operator(x, amounts)
    assert not torch.allclose(moved, x, atol=0.1)
    assert torch.allclose(operator.undo(moved, amounts), x, atol=1e-5)


def test_gradients_are_finite_where_a_slope_is_nothing() -> None:
    operator = VectorOperator(3, 1)
    operator(torch.ones(2, 3), torch.zeros(2, 1)).sum().backward()
    assert operator.slopes.grad is not None
    assert operator.slopes.grad.isfinite().all()


def test_the_reach_is_held_while_it_does_not_learn() -> None:
    operator = PictureOperator((1, 8, 8))
    assert operator.reach.tolist() == pytest.approx([1.0] * 9)
    operator.reach_learns = False
    assert not operator.strengths(torch.ones(1, 9)).requires_grad
    operator.reach_learns = True
    assert operator.strengths(torch.ones(1, 9)).requires_grad


def test_the_sentence_says_what_is_used_in_its_unit_and_what_is_not() -> None:
    operator = PictureOperator((1, 32, 32))
    operator.note(torch.tensor([1.0, 0.5, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.01]))
    used, unused = (
        "x 2.4 px, y 1.2 px, rotation 14°, brightness 35 %",
        "size, width, slant, contrast, midtones",
    )
    assert operator.sentence() == f"z does {used}; unused: {unused}."
    operator.note(torch.zeros(9))
    assert operator.sentence().startswith("z does nothing; unused: x, ")
    vectors = VectorOperator(2, 1)
    torch.nn.init.constant_(vectors.shifts, 0.5)
    assert vectors.sentence() == "z does shared 1 0.50 sd."


def test_more_generators_than_there_are_is_said() -> None:
    with pytest.raises(ValueError, match="its pictures have 9 generators; use z_dim of at most 9"):
        PictureOperator((1, 8, 8), 10)
    assert [g.name for g in PictureOperator((1, 8, 8), 2).generators] == ["x", "y"]
    assert PictureOperator((1, 8, 8), 2)(torch.rand(3, 1, 8, 8), torch.zeros(3, 2)).shape == (3, 1, 8, 8)


def test_strengths_that_are_not_finite_do_not_end_the_process() -> None:
    for amount in (torch.nan, torch.inf, 1e3, -1e30):
        moved = PictureOperator((1, 8, 8))(torch.rand(1, 1, 8, 8), torch.full((1, 9), amount))
        assert moved.shape == (1, 1, 8, 8)
