"""The student's objective: its closed form, who is exchanged with whom, and what it leaves alone."""

import pytest
import torch

from differentia.models.student import start_from, teacher_settings
from differentia.models.two_code import ModelSettings, TwoCodeModel
from differentia.objectives.jacobian import LEAST_EFFECT, JacobianObjective, classmates, jacobian_term
from differentia.objectives.settings import JacobianSettings
from differentia.objectives.two_step import ModelOutput


def test_the_term_is_one_minus_r_squared_of_each_exchange() -> None:
    teacher = torch.randn(3, 7, 1, 4, 4)
    assert jacobian_term(teacher, teacher) == 0
    assert jacobian_term(torch.zeros_like(teacher), teacher) == pytest.approx(3)
    shares = torch.tensor([0.9, 0.5, -1.0]).view(3, 1, 1, 1, 1)
    assert jacobian_term(shares * teacher, teacher) == pytest.approx(0.1**2 + 0.5**2 + 2**2, rel=1e-5)


def test_an_exchange_without_effect_is_not_divided_by() -> None:
    student = torch.full((1, 5, 4), 0.01)
    assert jacobian_term(student, torch.zeros(1, 5, 4)) == pytest.approx(4 * 0.01**2 / LEAST_EFFECT, rel=1e-5)


def test_classmates_are_a_permutation_inside_the_classes_and_a_new_one_each_time() -> None:
    y, generator = torch.randint(0, 5, (200,)), torch.Generator().manual_seed(0)
    first, second = classmates(y, generator), classmates(y, generator)
    assert torch.equal(first.sort().values, torch.arange(200))
    assert torch.equal(y[first], y)
    assert (first != torch.arange(200)).float().mean() > 0.8
    assert not torch.equal(first, second)


def test_a_student_that_is_still_its_teacher_pays_for_no_change_and_a_decoder_that_is_not_does() -> None:
    torch.manual_seed(0)
    settings = ModelSettings(z_dim=3, w_dim=6, remainder_dim=4, hidden=[16])
    student = TwoCodeModel(settings, (8, 8, 1), 4)
    teacher = TwoCodeModel(teacher_settings(settings), (8, 8, 1), 4)
    start_from(student, teacher)
    objective = JacobianObjective(JacobianSettings(price=0.5, weight=100), teacher.decoder)
    x, y = torch.rand(30, 1, 8, 8), torch.arange(30) % 4

    def terms() -> dict[str, torch.Tensor]:
        output = ModelOutput(*student(x, y, torch.randn(30, 3), torch.randn(30, 6)))
        return objective.model_loss(student, output, x, y, None, torch.Generator(), 0.0)[1]

    first = terms()
    assert first["jacobian"] == pytest.approx(0, abs=1e-8)
    assert first["loss"] == pytest.approx(
        float(first["negative_log_likelihood"] + 0.5 * first["kl_remainder"]), rel=1e-5
    )
    with torch.no_grad():
        student.decoder.input.linear.weight[:, 0] += 1
    assert terms()["jacobian"] > 0.1
    assert not any(weight.requires_grad for weight in objective.parameters())
