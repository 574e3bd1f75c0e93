"""A model with a remainder that begins as a finished model, its teacher, and keeps the teacher's codes."""

import torch

from differentia.models.two_code import ModelSettings, TwoCodeModel


INITIAL_LOG_VARIANCE = -3.0
"""log σ² of the remainder at first: noise as wide as the prior would drown it before it is read."""


def teacher_settings(student: ModelSettings) -> ModelSettings:
    """Return the architecture of the teacher of a model with a remainder."""
    return student.model_copy(update={"w_dim": student.w_dim - student.remainder_dim, "remainder_dim": 0})


@torch.no_grad()
def start_from(student: TwoCodeModel, teacher: TwoCodeModel) -> None:
    """Give the student all weights of its teacher; the remainder has no effect on what it decodes yet.

    The decoder's columns that meet the remainder are 0, and so is the last layer of the remainder's decoder.
    What new samples are drawn from is left as it is.

    Parameters
    ----------
    student : TwoCodeModel
        With a remainder.
    teacher : TwoCodeModel
        Of the architecture `teacher_settings` of the student's.
    """
    weights, inputs = teacher.state_dict(), "decoder.input.linear.weight"
    widened = student.decoder.input.linear.weight.new_zeros(student.decoder.input.linear.weight.shape)
    widened[:, : weights[inputs].shape[1]] = weights[inputs]
    of_size = {"w_location", "w_spread"}
    kept = {name: tensor for name, tensor in weights.items() if name not in of_size}
    student.load_state_dict(kept | {inputs: widened}, strict=False)
    assert student.remainder_decoder is not None
    for last in list(student.remainder_decoder.parameters())[-2:]:
        last.zero_()
    assert student.remainder_head is not None
    assert student.remainder_head.log_variance is not None
    student.remainder_head.log_variance.bias.fill_(INITIAL_LOG_VARIANCE)


def freeze_encoders(student: TwoCodeModel) -> None:
    """Let no training change z, or w but for the remainder."""
    for module in (student.trunk, student.z_head, student.w_head):
        if module is not None:
            module.requires_grad_(False)
