"""Seeds of random streams: a function of the run's seed, a purpose and a position, never of what ran before.

So a resumed run draws what an uninterrupted one would have drawn, and no generator's state needs saving.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

# Purposes of a random stream, the first word of its seed after the run's own.
WEIGHTS, ORDER, NOISE = range(3)


def stream_seed(*words: int) -> int:
    """Mix seed, purpose and position into one 63-bit seed."""
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] >> np.uint64(1))


@contextmanager
def seeded(*words: int) -> Iterator[None]:
    """Seed torch's global generator inside the block, and give it back its state afterwards."""
    with torch.random.fork_rng():
        torch.manual_seed(stream_seed(*words))
        yield
