"""Grids of pictures, with and without labels, down to the pixel."""

import numpy as np
import pytest

from differentia.plots.grid import montage
from differentia.plots.images import GREEN, RED, resized
from differentia.plots.labelled_grid import LabelledGrid, draw
from differentia.plots.style import text_width, wrapped
from plots.drawing import render, where


def test_a_montage_holds_every_picture_and_frames_hide_nothing():
    cells = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 4, 3), dtype=np.uint8)
    laid = montage(cells, breaks=(1,))
    laid.frame(1, 2, RED)
    laid.tick(0, 1.5, GREEN)
    for row in range(2):
        for column in range(3):
            assert np.array_equal(laid.image[laid.rows[row], laid.columns[column]], cells[row, column])
    gaps = [b.start - a.stop for a, b in zip(laid.columns, laid.columns[1:], strict=False)]
    assert gaps[0] > gaps[1]

    rows, columns = where(laid.image, RED)
    assert (rows.min(), rows.max()) == (laid.rows[1].start - 3, laid.rows[1].stop + 2)
    assert (columns.min(), columns.max()) == (laid.columns[2].start - 3, laid.columns[2].stop + 2)

    rows, columns = where(laid.image, GREEN)
    assert laid.rows[0].stop < rows.min() <= rows.max() < laid.rows[1].start
    between = (laid.columns[1].start + laid.columns[2].stop) / 2
    assert columns.mean() == pytest.approx(between, abs=1)


def test_text_is_measured_and_broken_to_fit():
    text = "a caption of several words that needs more than one line"
    broken = wrapped(text, 150, 8.0, 9)
    assert broken.replace("\n", " ") == text
    assert text_width(broken, 8.0) <= 150 < text_width(text, 8.0)
    assert wrapped("W" * 90, 100, 8.0, 2).endswith("…")
    assert wrapped("", 100, 8.0, 2) == ""


def test_a_page_draws_its_montage_pixel_by_pixel():
    cells = np.random.default_rng(0).integers(0, 256, (3, 11, 28, 28, 3), dtype=np.uint8)
    page = LabelledGrid("title", "caption", cells, [str(n) for n in range(11)], ["a", "b", "c"])
    image, expected = render(draw(page)), montage(resized(cells)).image
    height, width = expected.shape[:2]
    windows = [
        (top, left)
        for top in range(20, image.shape[0] - height + 1)
        for left in range(20, 80)
        if (image[top + 8, left + 8] == expected[8, 8]).all()
    ]
    assert any(np.array_equal(image[t : t + height, n : n + width], expected) for t, n in windows)
