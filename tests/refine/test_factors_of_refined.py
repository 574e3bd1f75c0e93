"""What a page shows of a refined model."""

from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.metrics.factors.naming import name_factors
from differentia.model.vae import VAE
from differentia.plots.gallery import draw_gallery
from differentia.refining import refined
from differentia.training.presets import preset


def test_the_components_of_the_residual_are_no_factors(digits: LabelledData, digits_model: VAE) -> None:
    """They are many, and naming them one by one takes minutes; the page shows the dimensions from before."""
    model = {"hidden": [128, 64], "z_dim": 4, "w_dim": 4, "canonical": False, "generic": []}
    settings = preset("strict", DataSettings(source="digits"), (8, 8, 1), {"model": model})
    _, student = refined(settings, digits_model, digits, 24)
    factors = name_factors(student, digits, seed=0, quick=True)
    assert (len(factors.z), len(factors.w)) == (4, 4)
    shown = draw_gallery(student, digits, factors, seed=0)
    assert {strip.dim for strip in shown.strips if strip.code == "w"} <= {0, 1, 2, 3}
