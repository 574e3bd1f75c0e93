"""Draw how the generic factors of the shapes are found: R² from z, and from w and the class, by epoch.

    python examples/discovery.py docs/images/discovery.png

Trains the default on 12,000 pictures of `kinds`, some ten minutes on a core; nothing is declared.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from rich.progress import Progress

from differentia.data import kinds
from differentia.data.catalogue import load
from differentia.data.settings import DataSettings
from differentia.metrics.codes import code_split
from differentia.metrics.recovery import within_class_r2
from differentia.terms.opening import OPEN, OPENS
from differentia.training.devices import launch
from differentia.training.loop import Trainer
from differentia.training.presets import preset

SAMPLES = 12_000
SCORED = 3_000


def main(picture: Path) -> None:
    """Train, score after every epoch, and draw."""
    source = DataSettings(source="kinds", limit=SAMPLES)
    data = load(source, progress=True)
    settings = preset(None, source, data.shape, {}, len(data.train))
    trainer = Trainer(settings, data, launch(settings.training))
    scored, generic = data.test.take(np.arange(SCORED)), list(kinds.GENERIC)
    assert scored.factors is not None
    factors, found = scored.factors[:, generic], []

    with Progress() as bar:
        task = bar.add_task("training", total=trainer.total_steps)

        def score(trainer: Trainer) -> None:
            bar.update(task, completed=trainer.step)
            if trainer.step % trainer.batches.per_epoch:
                return
            model = trainer.method.model.eval()
            coded = code_split(model, scored, seed=0)
            found.append(
                [
                    within_class_r2(coded.z, factors, coded.y, seed=0),
                    within_class_r2(coded.w, factors, coded.y, seed=0, sees_y=True),
                ]
            )
            model.train()

        trainer.run(score)

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
    epochs = np.arange(1, len(found) + 1)
    for axis, title, r2 in zip(
        axes, ("from z", "from w and the class"), np.moveaxis(found, 1, 0), strict=True
    ):
        for name, line in zip((kinds.FACTOR_NAMES[k] for k in generic), r2.T, strict=True):
            axis.plot(epochs, line.clip(min=-0.1), label=name)
        axis.axvspan(0, OPENS * len(found), color="0.93", lw=0)
        axis.axvline(OPEN * len(found), color="0.8", lw=1, ls="--")
        axis.set(title=title, xlabel="epoch", xlim=(0, len(found)), ylim=(-0.12, 1.02))
    axes[0].set_ylabel("R² inside the classes")
    axes[1].legend(frameon=False, ncols=2, loc="upper right")
    axes[0].text(0.3, 0.02, "w closed", color="0.4")
    figure.savefig(picture, dpi=150)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
