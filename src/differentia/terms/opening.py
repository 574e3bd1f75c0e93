"""The opening of w: the mechanism that all classes share is learnt first, and then what is a class's own."""

import torch

from differentia.terms.base import Curve, Part, Pass, Scalars, Term
from differentia.terms.kl import KL

OPENS, OPEN = 0.3, 0.6
"""Parts of the training: until the first w is closed, and from the second on a nat of it costs a nat."""

FIRST_PRICE = 3.0
"""What a nat of w costs when it opens."""


def closed(progress: float) -> bool:
    """Whether the decoder draws one sample a class, to which z brings every sample (Learned-Miller 2006)."""
    return progress < OPENS


class Opening(Term):
    """The KL of z, and that of w at a price that falls to 1; nothing of w while it is closed.

    What is shared can be told by z as well as by w, and each would pay for it once. Where w is open from the
    start, it takes what is learnt late, such as a rotation.
    """

    curves = (
        *KL.curves,
        Curve("Price of a nat of w", "nats", {"price_w": "price w"}),
    )

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return the KL of each code with its price."""
        return {"kl_z": Part(p.kl["z"]), "kl_w": Part(p.kl["w"], price(p.progress))}

    def state(self, progress: float) -> Scalars:
        """Return the price."""
        return {"price_w": torch.tensor(price(progress))}


def opened(progress: float) -> float:
    """Return how far w is open after the given part (0 to 1) of the training: 0 at `OPENS`, 1 from `OPEN`."""
    return min(1.0, max(0.0, (progress - OPENS) / (OPEN - OPENS)))


def price(progress: float) -> float:
    """Return what a nat of w costs after the given part (0 to 1) of the training; 0 while w is closed."""
    return 0.0 if closed(progress) else FIRST_PRICE + (1.0 - FIRST_PRICE) * opened(progress)
