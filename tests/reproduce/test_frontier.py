"""The picture of the frontier, from canned results."""

import numpy as np
from PIL import Image

from differentia.reproduce.experiments import EXPERIMENTS
from differentia.reproduce.frontier import draw_frontier
from differentia.reproduce.outcomes import outcome_of
from reproduce.canned import record


def test_a_setting_is_a_point_coloured_by_its_coverage(tmp_path):
    """The same settings with another coverage differ in the picture by a dot and nothing else."""
    pictures = []
    for coverage in (0.1, 0.9):
        found = [record("mnist", name, 0, 0.2, 0.9) for name in ("without", "strict")]
        found[1]["squared_error"] = 10.0
        found[1]["generation"]["coverage"] = coverage
        frontier = outcome_of(EXPERIMENTS["frontier"], found)
        draw_frontier(frontier, "mnist", tmp_path / "frontier.png")
        pictures.append(np.asarray(Image.open(tmp_path / "frontier.png").convert("RGB"), dtype=int))
    rows, columns = np.nonzero(np.abs(pictures[0] - pictures[1]).sum(2))
    assert len(rows) > 20
    assert np.ptp(rows) < 30
    assert np.ptp(columns) < 30
