"""What the terms of the published methods compute, against cases whose answer is known."""

import math
from itertools import permutations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from differentia.methods.autoencoder import Autoencoder
from differentia.methods.base import Method
from differentia.methods.beta_tcvae import DecomposedKL, stratified
from differentia.methods.csvae import CSVAE, Uncertainty
from differentia.methods.cvae import CVAE
from differentia.methods.factor_vae import TotalCorrelation, permuted
from differentia.methods.vae import VariationalAutoencoder
from differentia.model.base import Model
from differentia.model.gaussian import Gaussian
from differentia.model.likelihoods import bernoulli
from differentia.model.priors import ClassNormal
from differentia.terms.base import Facts, Pass, Term, total
from differentia.terms.kl import KL

SHAPE, CLASSES = (4, 4, 1), 3


def _model(method: type[Method]) -> Model:
    torch.manual_seed(0)
    return method.build(method.Config(z_dim=2, hidden=[8]), SHAPE, CLASSES)


def _term(kind: type[Term], n: int, **settings: object) -> Term:
    torch.manual_seed(0)
    return kind(
        kind.Config(**settings), _model(VariationalAutoencoder), Facts(n, torch.ones(CLASSES) / CLASSES)
    )


def _pass(q: Gaussian, seed: int = 0, prior: Gaussian | None = None, y: Tensor | None = None) -> Pass:
    """Return a pass with the posteriors `q` of z, whatever the samples."""
    rng, n = torch.Generator().manual_seed(seed), len(q.mean)
    z = q.sample(torch.randn(q.mean.shape, generator=rng))
    standard = Gaussian(torch.zeros(q.mean.shape[1]), torch.zeros(q.mean.shape[1]))
    x, y = torch.zeros(n, 1, 4, 4), torch.arange(n) % CLASSES if y is None else y
    return Pass(
        _model(VariationalAutoencoder),
        x,
        y,
        {"z": q},
        {"z": prior or standard},
        {"z": z},
        bernoulli(x),
        rng,
        1.0,
    )


def _correlated(n: int, variance: float, correlation: float) -> tuple[Gaussian, Tensor]:
    """Return posteriors whose mixture has unit variances and that correlation, and their covariance."""
    aggregate = torch.tensor([[1.0, correlation], [correlation, 1.0]])
    of_means = MultivariateNormal(torch.zeros(2), aggregate - variance * torch.eye(2))
    torch.manual_seed(1)
    return Gaussian(of_means.sample((n,)), torch.full((n, 2), math.log(variance))), aggregate


def test_the_stratified_estimate_of_q_z_has_no_bias() -> None:
    """By enumeration of all batches of three of five samples: of the joint and of each marginal density."""
    torch.manual_seed(0)
    q = Gaussian(torch.randn(5, 2), torch.randn(5, 2))
    z = q.sample(torch.randn(5, 2))
    each = q.log_density(z[:, None]).exp()
    weights = stratified(3, 5)
    for own in range(5):
        others = list(permutations([k for k in range(5) if k != own], 2))
        for density in (each[own].prod(1), each[own, :, 0], each[own, :, 1]):
            estimates = torch.stack([(weights[0] * density[[own, *rest]]).sum() for rest in others])
            assert estimates.mean() == pytest.approx(float(density.mean()), rel=1e-5)
            assert estimates.std() > 0.01 * density.mean()


def test_every_row_of_a_batch_is_weighted_alike() -> None:
    weights = stratified(4, 100)
    assert torch.allclose(weights.sum(1), torch.ones(4))
    for i, row in enumerate(weights):
        assert torch.equal(row.roll(-i), weights[0])
    assert weights[0].tolist() == pytest.approx([1 / 100, 97 / 300, 1 / 3, 1 / 3])


@pytest.mark.parametrize("batch", [4000, 500])
def test_the_three_parts_of_the_kl_of_gaussians_are_what_algebra_says(batch: int) -> None:
    variance, correlation = 0.1, 0.8
    q, aggregate = _correlated(batch, variance, correlation)
    parts = _term(DecomposedKL, n=4000).loss(_pass(q))
    found = {name: float(part.value) for name, part in parts.items()}
    of_correlation = -0.5 * math.log(1 - correlation**2)
    information = 0.5 * float(torch.logdet(aggregate)) - math.log(variance)
    assert found["total_correlation"] == pytest.approx(of_correlation, abs=0.05)
    assert found["mutual_information"] == pytest.approx(information, abs=0.08)
    assert found["dimension_wise_kl"] == pytest.approx(0.0, abs=0.05)
    whole = found["mutual_information"] + found["total_correlation"] + found["dimension_wise_kl"]
    assert whole == pytest.approx(found["kl_z"], abs=0.08)


def test_n_samples_tell_at_most_ln_n_nats_however_many_dimensions_z_has() -> None:
    """The weights count once in the joint density, not once a dimension."""
    q = Gaussian(torch.randn(16, 50), torch.full((16, 50), -10.0))
    found = _term(DecomposedKL, n=1000).loss(_pass(q))["mutual_information"].value
    assert float(found) == pytest.approx(math.log(1000), abs=0.001)


def test_the_prices_of_the_three_parts_are_the_settings() -> None:
    q, _ = _correlated(20, 0.1, 0.5)
    term = _term(DecomposedKL, n=20, mutual_information=2, total_correlation=3, dimension_wise_kl=5)
    weights = {name: part.weight for name, part in term.loss(_pass(q)).items()}
    assert weights == {"mutual_information": 2, "total_correlation": 3, "dimension_wise_kl": 5, "kl_z": 0}


def test_permuted_codes_keep_each_dimension_and_lose_what_binds_them() -> None:
    q, _ = _correlated(5000, 0.1, 0.8)
    z = q.mean
    other = permuted(z, torch.Generator().manual_seed(0))
    assert torch.equal(other.sort(0).values, z.sort(0).values)
    assert not torch.equal(other, z)
    assert abs(float(torch.corrcoef(other.T)[0, 1])) < 0.05 < 0.8 < float(torch.corrcoef(z.T)[0, 1])


class _Ratio(nn.Module):
    """log q(z) − log Π q(z_j) of correlated Gaussians with unit variances."""

    def __init__(self, covariance: Tensor) -> None:
        super().__init__()
        self.joint = MultivariateNormal(torch.zeros(2), covariance)

    def forward(self, z: Tensor) -> Tensor:
        return (self.joint.log_prob(z) - Normal(0.0, 1.0).log_prob(z).sum(1))[:, None]


def test_the_best_discriminator_tells_the_total_correlation() -> None:
    q, aggregate = _correlated(20_000, 0.1, 0.8)
    term = _term(TotalCorrelation, n=20_000, hidden=[4])
    term.rival = _Ratio(aggregate)
    (part,) = term.loss(_pass(q)).values()
    assert part.value == pytest.approx(-0.5 * math.log(1 - 0.8**2), abs=0.02)
    assert part.weight == 6.4


def test_the_trained_discriminator_tells_the_total_correlation() -> None:
    q, _ = _correlated(1000, 0.1, 0.8)
    term = _term(TotalCorrelation, n=1000, hidden=[32, 32])
    assert term.rival is not None
    chance = float(total(term.rival_loss(_pass(q))).detach())
    assert chance == pytest.approx(math.log(2), abs=0.02)
    optimiser = torch.optim.Adam(term.rival.parameters(), 5e-3)
    for step in range(300):
        optimiser.zero_grad()
        total(term.rival_loss(_pass(q, seed=step))).backward()
        optimiser.step()
    (part,) = term.loss(_pass(q, seed=1000)).values()
    assert float(part.value.detach()) == pytest.approx(-0.5 * math.log(1 - 0.8**2), abs=0.1)
    assert total(term.rival_loss(_pass(q, seed=1000))) < chance - 0.1


def test_the_kl_from_a_prior_of_each_class_is_torchs() -> None:
    torch.manual_seed(0)
    prior, y = ClassNormal(2, CLASSES), torch.tensor([0, 2, 1, 2])
    nn.init.normal_(prior.log_variance.weight)
    q = Gaussian(torch.randn(4, 2), torch.randn(4, 2))
    p = _pass(q, prior=prior(y), y=y)
    ours, theirs = (Independent(Normal(g.mean, (g.log_variance / 2).exp()), 1) for g in (q, prior(y)))
    (part,) = _term(KL, n=4).loss(p).values()
    assert torch.allclose(part.value, kl_divergence(ours, theirs).mean())


@pytest.mark.parametrize(("method", "code"), [(CVAE, "z"), (CSVAE, "w")])
def test_the_prior_of_each_class_is_trained_by_the_kl(method: type[Method], code: str) -> None:
    model, y = _model(method), torch.tensor([0, 0, 2])
    x = torch.rand(3, 1, 4, 4)
    model.encode(x, y)[code].kl(model.prior(y)[code]).sum().backward()
    for weight in model.get_submodule(f"priors.{code}").parameters():
        assert weight.grad is not None
        assert (weight.grad.abs().sum(1) > 0).tolist() == [True, False, True]


@pytest.mark.parametrize("sure", [False, True])
def test_the_uncertainty_is_the_entropy_of_the_answers(sure: bool) -> None:
    term = _term(Uncertainty, n=6, hidden=[])
    assert term.rival is not None
    p = _pass(Gaussian(torch.zeros(6, 2), torch.zeros(6, 2)))
    answers = torch.tensor([200.0, 0.0, 0.0]) if sure else torch.zeros(3)
    with torch.no_grad():
        (layer,) = term.rival
        layer.weight.zero_()
        layer.bias.copy_(answers)
    part = term.loss(p)["misleading_z"]
    part.value.backward()
    assert torch.isfinite(layer.bias.grad).all()
    assert float(part.value.detach()) == pytest.approx(0.0 if sure else -math.log(3), abs=1e-5)
    found = float(term.rival_loss(p)["critic_loss_z"].value.detach())
    assert found == pytest.approx(400 / 3 if sure else math.log(3), abs=1e-4)


def test_an_autoencoder_has_no_noise() -> None:
    model = _model(Autoencoder)
    q = model.encode(torch.rand(3, 1, 4, 4), torch.zeros(3, dtype=torch.int64))["z"]
    assert torch.equal(q.sample(torch.randn(3, 2)), q.mean)
    assert model.deterministic
