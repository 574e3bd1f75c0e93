import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from differentia.objectives.class_loss import Critic, chance_loss, class_loss, prior_loss


def test_binary_is_equation_5_with_the_sign_of_a_loss() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5]])
    p = torch.sigmoid(logits[0])
    expected = -(torch.log(p[2]) + torch.log(1 - p[0]) + torch.log(1 - p[1]))
    assert class_loss(logits, torch.tensor([2]), "binary").item() == pytest.approx(expected.item())


def test_softmax_of_equal_logits_is_the_entropy_of_the_uniform() -> None:
    assert class_loss(torch.zeros(4, 10), torch.arange(4), "softmax").item() == pytest.approx(math.log(10))


@given(st.lists(st.floats(0.05, 1.0), min_size=2, max_size=6))
def test_prior_loss_is_zero_at_the_class_frequencies_and_positive_elsewhere(weights: list[float]) -> None:
    prior = torch.tensor(weights) / sum(weights)
    softmax_logits, binary_logits = prior.log()[None], torch.logit(prior.clamp(1e-6, 1 - 1e-6))[None]
    assert prior_loss(softmax_logits, prior, "softmax").item() == pytest.approx(0, abs=1e-5)
    assert prior_loss(binary_logits, prior, "binary").item() == pytest.approx(0, abs=1e-4)
    shift = torch.zeros_like(prior)
    shift[0] = 1.0
    assert prior_loss(softmax_logits + shift, prior, "softmax").item() > 1e-3
    assert prior_loss(binary_logits + shift, prior, "binary").item() > 1e-3


def test_chance_is_the_loss_of_answering_the_class_frequencies() -> None:
    prior = torch.tensor([0.5, 0.25, 0.25])
    y = torch.tensor([0, 0, 1, 2])
    softmax_logits, binary_logits = prior.log().expand(4, 3), torch.logit(prior).expand(4, 3)
    torch.testing.assert_close(chance_loss(prior, "softmax"), class_loss(softmax_logits, y, "softmax"))
    torch.testing.assert_close(chance_loss(prior, "binary"), class_loss(binary_logits, y, "binary"))


def test_prior_loss_knows_absent_classes() -> None:
    prior = torch.tensor([0.5, 0.5, 0.0])
    assert math.isfinite(prior_loss(torch.zeros(2, 3), prior, "softmax").item())


def test_a_shared_classifier_is_one_network_and_needs_codes_of_one_size() -> None:
    critic = Critic(3, 3, [8], 4, shared=True)
    code = torch.randn(5, 3)
    z_logits, w_logits = critic(code, code)
    assert torch.equal(z_logits, w_logits)
    assert len(list(critic.parameters())) == 4
    with pytest.raises(ValueError, match="z of 3 and w of 2"):
        Critic(3, 2, [8], 4, shared=True)


def test_codes_that_are_not_read_give_no_logits() -> None:
    critic = Critic(3, 2, [], 4, shared=False)
    assert critic(None, torch.zeros(1, 2))[0] is None
    assert critic(torch.zeros(1, 3), None)[1] is None
