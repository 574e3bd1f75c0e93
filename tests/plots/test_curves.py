"""Training curves: every recorded number is there, and nothing else."""

import numpy as np

from differentia.plots.curves import curves
from differentia.terms.capacity import Capacity
from differentia.terms.reconstruction import Reconstruction
from plots.drawing import METRICS, render

KNOWN = (*Reconstruction.curves, *Capacity.curves)


def test_curves_show_every_number_and_leave_gaps():
    metrics = [
        *METRICS,
        {"epoch": 4, "kl_z": float("nan"), "kl_w": 2.0, "surprise_term": 7.0, "note": "text", "flag": True},
    ]
    figure = curves(metrics, "training", KNOWN)
    render(figure)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["Reconstruction", "Squared error", "KL of the codes", "surprise term"]
    kl = figure.axes[2]
    lines = {line.get_label(): line for line in kl.lines}
    assert kl.get_ylabel() == "nats"
    assert lines["KL z"].get_xdata().tolist() == [1, 2, 3, 4]
    assert np.isnan(lines["KL z"].get_ydata()[3])
    assert lines["KL w"].get_ydata().tolist() == [2.0] * 4


def test_targets_are_dashed_in_the_colour_of_their_code():
    figure = curves([m | {"capacity_z": 5.0, "capacity_w": 9.0} for m in METRICS], "training", KNOWN)
    lines = {line.get_label(): line for line in figure.axes[2].lines}
    assert lines["target w"].get_color() == lines["KL w"].get_color()
    assert lines["target w"].is_dashed()
    assert not lines["KL w"].is_dashed()


def test_a_model_without_w_has_no_curves_of_w():
    one_code = [{key: value for key, value in m.items() if key != "kl_w"} for m in METRICS]
    figure = curves(one_code, "training", KNOWN)
    assert len(figure.axes) == 3
    assert [line.get_label() for line in figure.axes[2].lines] == ["KL z"]


def test_a_single_epoch_shows_as_points():
    figure = curves(METRICS[:1], "training", KNOWN)
    assert figure.axes[0].lines[0].get_marker() == "o"
    render(figure)
    shown = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert shown == ["0", "1", "2"]
