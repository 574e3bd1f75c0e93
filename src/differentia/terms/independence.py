"""An adversary that keeps the class out of z, as strong as need be, and a criterion that cannot lag."""

import math

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from differentia import config
from differentia.model.base import Model
from differentia.model.networks import perceptron
from differentia.terms.base import Curve, Facts, Part, Pass, Scalars, Term
from differentia.terms.hsic import Memory, hsic
from differentia.terms.opening import closed, opened

HEADROOM = 1.0
"""How far above chance, in nats, step 1 still rewards a mistaken classifier. At 0 the push would cease in
every batch that happens to lie above chance, and z, pushed from one side only, comes out empty."""

FIRST_LEAK = 0.05
"""Nats that the classifier may know when w opens. They fall to the setting by the time it is open. Pressed
harder at once, z gives up what is learnt late, such as a rotation, and w takes it."""

RISE, FALL = 0.005, 0.002
"""Greatest change of the logarithm of the multiplier in a step. Where the classifier has learnt its samples
by heart, it knows nothing of the withheld ones, and z may tell the class all the same: so it falls slowly."""

WHOLE = 0.005
"""Nats of violation at which the multiplier rises by that."""

PAST = 0.99
"""Weight of the past in the running mean of what the classifier knows."""

WITHHELD = 0.2
"""Part of the training samples that the classifier does not learn from. What it knows of them decides about
the multiplier: of few samples it soon knows by heart those that it learns from."""

CONFIDENCES = (1.0, 0.5, 0.25, 0.125)
"""Factors of the classifier's log odds, the best of which counts. It is too sure of samples that it did not
learn from, and would seem to know less than nothing of them."""

HSIC_FIRST, HSIC_WEIGHT = 10.0, 100.0
"""Weight of the criterion beside the classifier's loss, while w is closed and when it is open. A classifier
lags behind a z that moves: of MNIST it stood at chance while one trained afresh knew .9 nats. The criterion
has no parameters, and cannot lag. At a greater weight its noise, of few samples, drives z until no reach is
left. Pressed later, when the learning rate is small, z learns by heart what the training samples leak."""

REMEMBERED = 1024
"""Samples that the criterion remembers, at most a quarter of all: so few of its pairs are of one sample."""

FREQUENCIES = (1.0, 2.0, 4.0)
"""Of the waves that the classifier reads, radians a standard deviation."""

LEAST, FIRST, GREATEST = 0.005, 0.02, 1.0
"""The multiplier at least, at first and at most, for each value of a sample: nats of likelihood grow with
their number."""


class Independence(Term):
    """I(z; y) ≤ leak: a classifier of z that step 1 misleads, at a weight that a multiplier holds.

    The classifier reads samples and means of z. Where it beats chance by more than the leak on samples that
    it did not learn from, H(y) − loss > leak, the multiplier grows, and else it falls, more slowly: so
    the weight follows from the data, whatever a nat of their likelihood is worth. The classifier reads every
    dimension in standard deviations of its samples, as anybody can who is given z. So step 1 cannot mislead
    it by making z small, which would leave z empty and hide nothing; nor by more noise, which is taken as it
    is. While w is closed the multiplier stays: z then has to stand in for w, and cannot but tell something of
    the class. HSIC is added at the same weight.
    """

    class Config(config.Config):
        """How much of the class z may tell, and the classifier."""

        leak: float = Field(
            0.001, ge=0, description="What the classifier may know of the class from z, nats a sample."
        )
        steps: int = Field(4, ge=1, le=50, description="Step 2 updates a batch.")
        hidden: list[int] = Field([64], description="Hidden widths of the classifier.")
        learning_rate: float = Field(2e-3, gt=0, description="Adam's learning rate in step 2.")

    curves = (
        Curve("Class term of step 1", "nats a sample", {"misleading_z": "misleading, on z"}),
        Curve("Dependence of z and class", "HSIC", {"hsic_z": "of z"}),
        Curve("Classifier's loss, step 2", "nats a sample", {"critic_loss_z": "on z"}),
        Curve("Class read from withheld z", "nats", {"known_of_y": "on z"}),
        Curve("Multiplier of the class term", "λ", {"multiplier": "multiplier"}),
    )

    batch_excess: Tensor
    class_frequencies: Tensor
    multiplier: Tensor
    """λ, a scalar. Part of the checkpoint."""
    excess: Tensor
    """H(y) less the classifier's loss on withheld samples with each confidence, running means ``[4]``, nats.
    Part of the checkpoint."""

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        self.register_buffer("class_frequencies", facts.class_frequencies, persistent=False)
        values = math.prod(model.input_shape)
        self.register_buffer("multiplier", torch.tensor(FIRST * values))
        self.register_buffer("excess", torch.zeros(len(CONFIDENCES)))
        self.bandwidth = bandwidth(facts.n)
        self.memory = Memory(2 * max(1, min(REMEMBERED, facts.n // 4)), model.z_dim)
        self.range = (LEAST * values, GREATEST * values)
        widths = [(1 + 2 * len(FREQUENCIES)) * model.z_dim, *config.hidden, model.n_classes]
        self.rival = perceptron(widths, torch.nn.SiLU)
        self.rival_steps, self.rival_rate = config.steps, config.learning_rate

    def read(self, p: Pass) -> tuple[Tensor, Tensor]:
        """Return means of z and then samples with noise of their own, ``[2 b, d]``, and the samples' scale.

        The scale is their standard deviation, ``[d]``.
        """
        z = p.posterior["z"]
        noise = torch.exp(0.5 * z.log_variance).detach()
        scale = torch.sqrt(z.mean.var(0) + noise[0].square())
        return torch.cat([z.mean, z.mean + noise * p.noise(z.mean)]), scale

    def answers(self, p: Pass, code: Tensor, scale: Tensor, blur: float = 0.0) -> Tensor:
        """Return the classifier's logits of codes in units of their scale, ``[n, n_classes]``.

        Noise of the standard deviation `blur` is added to what it reads.
        """
        units = (code - code.mean(0)) / scale
        logits: Tensor = self.rival(waves(units + blur * p.noise(units) if blur else units))
        return logits

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return what misleads the classifier, up to one nat above what knowing nothing costs, and HSIC."""
        (code, scale), y = self.read(p), p.y.repeat(2)
        logits = self.answers(p, code, scale)
        self.batch_excess = self.excess_of(logits.detach(), y, p.known["withheld"].repeat(2))
        bounded = torch.minimum(F.cross_entropy(logits, y), self.entropy + HEADROOM)
        dependence = hsic(code, y, self.memory, len(self.class_frequencies))
        self.memory.keep(code, y)
        return {
            "misleading_z": Part(-bounded, self.multiplier.clone()),
            "hsic_z": Part(dependence, hsic_weight(p.progress) * self.multiplier),
        }

    def excess_of(self, logits: Tensor, y: Tensor, withheld: Tensor) -> Tensor:
        """Return H(y) less the loss on withheld samples with each confidence, ``[4]``, in nats."""
        prior = self.class_frequencies.clamp(min=1e-6).log()  # a class may lack training samples
        found = []
        for confidence in CONFIDENCES:
            loss = F.cross_entropy(prior + confidence * (logits - prior), y, reduction="none")
            found.append(torch.where(withheld, self.entropy - loss, 0.0).sum() / withheld.sum().clamp(min=1))
        return torch.stack(found)

    @property
    def entropy(self) -> Tensor:
        """H(y), nats."""
        found: Tensor = torch.special.entr(self.class_frequencies).sum()
        return found

    def rival_loss(self, p: Pass) -> dict[str, Part]:
        """Return the classifier's loss on blurred codes, so that it cannot tell single samples apart."""
        learns = ~p.known["withheld"].repeat(2)
        logits = self.answers(p, *self.read(p), self.bandwidth)
        losses = F.cross_entropy(logits, p.y.repeat(2), reduction="none")
        return {"critic_loss_z": Part(torch.where(learns, losses, 0.0).sum() / learns.sum().clamp(min=1))}

    @torch.no_grad()
    def update(self, p: Pass) -> Tensor:
        """Move the multiplier by what step 1 measured."""
        self.excess.lerp_(self.batch_excess, 1 - PAST)
        if not closed(p.progress):
            violation = RISE * (self.excess.max() - self.allowed(p.progress)) / WHOLE
            self.multiplier.mul_(torch.exp(violation.clamp(-FALL, RISE))).clamp_(*self.range)
        return self.multiplier

    def allowed(self, progress: float) -> float:
        """Return the nats that the classifier may know after the given part (0 to 1) of the training."""
        leak = max(self.config.leak, 1e-6)
        allowed: float = max(leak, FIRST_LEAK * math.pow(leak / FIRST_LEAK, opened(progress)))
        return allowed

    def state(self, progress: float) -> Scalars:
        """Return the multiplier, and what moves it."""
        return {"multiplier": self.multiplier, "known_of_y": self.excess.max()}


def hsic_weight(progress: float) -> float:
    """Return the weight of the criterion after the given part (0 to 1) of the training."""
    return HSIC_FIRST + (HSIC_WEIGHT - HSIC_FIRST) * opened(progress)


def waves(code: Tensor) -> Tensor:
    """Return a code ``[b, d]`` and sines and cosines of each dimension, ``[b, (1 + 2 · 3) d]``.

    A perceptron is slow to see where a distribution ends or has gaps; of waves of several lengths it does so
    at once (Fourier features, Tancik et al. 2020).
    """
    angles = torch.cat([code * frequency for frequency in FREQUENCIES], dim=1)
    return torch.cat([code, angles.sin(), angles.cos()], dim=1)


def bandwidth(n: int) -> float:
    """Return the bandwidth of a Gaussian kernel for n values of unit variance (Silverman 1986, eq. 3.28)."""
    return 1.06 * math.pow(n, -0.2)
