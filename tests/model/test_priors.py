"""What codes are expected to be, before and after a training."""

import torch

from differentia.model.gaussian import Gaussian
from differentia.model.priors import ClassNormal, StandardNormal
from differentia.model.vae import VAE, VAEConfig


def test_the_standard_normal_is_the_same_whatever_the_class_and_is_no_weight() -> None:
    prior = StandardNormal(3)
    found = prior(torch.tensor([0, 1, 1]))
    assert found.mean.tolist() == found.log_variance.tolist() == [0, 0, 0]
    q = Gaussian(torch.full((5, 3), 2.0), torch.zeros(5, 3))
    assert torch.equal(q.kl(found), torch.full((5, 3), 2.0))
    assert not list(prior.parameters())
    assert not prior.state_dict()


def test_a_prior_of_each_class_begins_as_wide_as_the_standard_normal_about_means_of_its_own() -> None:
    torch.manual_seed(0)
    prior = ClassNormal(4, 500)
    y = torch.arange(500)
    found = prior(y)
    assert torch.equal(found.log_variance, torch.zeros(500, 4))
    torch.testing.assert_close(found.mean.std(0), torch.ones(4), atol=0.12, rtol=0)
    torch.testing.assert_close(found.mean.mean(0), torch.zeros(4), atol=0.15, rtol=0)
    again = prior(torch.tensor([7, 7, 3]))
    assert torch.equal(again.mean, found.mean[[7, 7, 3]])


def test_a_prior_of_each_class_learns_the_moments_of_its_codes() -> None:
    """The best Gaussian of a class has the mean and the variance of the mixture of its posteriors."""
    torch.manual_seed(0)
    y = torch.arange(400) % 2
    q = Gaussian(torch.randn(400, 3) * 0.5 + 4.0 * y[:, None] - 1.0, torch.full((400, 3), -1.0))
    prior = ClassNormal(3, 2)
    optimiser = torch.optim.Adam(prior.parameters(), 0.05)
    for _ in range(600):
        loss = q.kl(prior(y)).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for label in range(2):
        own = q.mean[y == label]
        expected = own.var(0, correction=0) + torch.exp(torch.tensor(-1.0))
        found = prior(torch.tensor([label]))
        torch.testing.assert_close(found.mean[0], own.mean(0), atol=1e-3, rtol=0)
        torch.testing.assert_close(found.log_variance[0].exp(), expected, atol=1e-3, rtol=0)


def test_a_vae_takes_a_prior_for_one_code_and_the_standard_normal_for_the_other() -> None:
    own = ClassNormal(2, 4)
    model = VAE(VAEConfig(z_dim=3, hidden=[8]), (8, 8, 1), 4, w_dim=2, priors={"w": own})
    y = torch.arange(4)
    prior = model.prior(y)
    assert list(prior) == ["z", "w"]
    assert prior["z"].mean.tolist() == [0, 0, 0]
    assert torch.equal(prior["w"].mean, own.mean.weight)
    assert own.mean.weight in set(model.parameters())
