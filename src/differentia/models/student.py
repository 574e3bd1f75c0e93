"""A model with a remainder begins as a finished model, its teacher, and keeps all of it."""

import torch

from differentia.models.two_code import TwoCodeModel


@torch.no_grad()
def start_from(student: TwoCodeModel, teacher: TwoCodeModel) -> None:
    """Give the student its teacher's weights; the remainder corrects nothing yet.

    What new samples are drawn from is left as it is.

    Parameters
    ----------
    student : TwoCodeModel
        With a remainder.
    teacher : TwoCodeModel
        The same without it.
    """
    own, weights = student.state_dict(), teacher.state_dict()
    shared = {name for name in weights if name in own and own[name].shape == weights[name].shape}
    student.load_state_dict({name: weights[name] for name in shared}, strict=False)
    head, decoder = student.remainder_head, student.remainder_decoder
    assert head is not None
    assert decoder is not None
    head.begin_audible()
    for last in list(decoder.parameters())[-2:]:
        last.zero_()


def freeze_teacher(student: TwoCodeModel) -> None:
    """Let a training change nothing but what the remainder has of its own."""
    for name, weight in student.named_parameters():
        weight.requires_grad_(name.startswith("remainder_"))
