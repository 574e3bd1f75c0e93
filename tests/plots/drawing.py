"""What several tests of figures share: made-up data, models for them, and a look at what was drawn."""

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg

from differentia.data.dataset import LabelledData, Split
from differentia.plots.images import rgb
from small import small_model

METRICS = [
    {"epoch": e, "negative_log_likelihood": 100.0 / e, "squared_error": 9.0 / e, "kl_z": 1.0, "kl_w": 2.0}
    for e in (1, 2, 3)
]


def labelled(shape, n_classes, names=None, n=4):
    """Random data with `n` test samples a class, and an untrained model for it."""
    rng = np.random.default_rng(0)
    y = np.tile(np.arange(n_classes), n)
    x = rng.normal(3.0, 2.0, (len(y), *shape)).astype(np.float32)
    if len(shape) == 3:
        x = rng.integers(0, 256, (len(y), *shape), dtype=np.uint8)
    names = names or tuple(f"kind {label}" for label in range(n_classes))
    return LabelledData("noise", Split(x, y), Split(x, y), names)


def model_for(data, **settings):
    if not data.is_image:
        settings["likelihood"] = "gaussian"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = small_model(data.shape, data.n_classes, **settings)
    model.fit_normalisation(data.train.x)
    return model


def render(figure):
    """Pixels of a figure, uint8 [height, width, 3]."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def where(image, colour):
    """Rows and columns of the pixels with exactly this colour."""
    return np.nonzero((image == rgb(colour)).all(axis=-1))


def assert_neat(figure):
    """Nothing leaves the page, and no text lies on another text or on the pictures."""
    render(figure)
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    boxes = [text.get_window_extent(renderer) for text in figure.texts]
    boxes += [axes.get_window_extent(renderer) for axes in figure.axes]
    assert len(boxes) > 2
    for number, box in enumerate(boxes):
        assert min(box.x0 - page.x0, box.y0 - page.y0, page.x1 - box.x1, page.y1 - box.y1) >= 0
        for other in boxes[number + 1 :]:
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            along = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert across <= 1 or along <= 1
