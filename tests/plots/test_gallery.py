"""The pictures of the page: small enough, and never mixed with their neighbours."""

import numpy as np

from differentia.plots.gallery import LEAST_SIDE, _halved, _halvings, _sheet


def test_pictures_are_halved_until_they_fit() -> None:
    assert _halvings(100, 64, 64, 100 * 64 * 64) == 0
    assert _halvings(101, 64, 64, 100 * 64 * 64) == 1
    assert _halvings(10**6, 64, 64, 1) == 2
    assert LEAST_SIDE == 64 >> 2
    checker = np.zeros((1, 4, 4, 3), dtype=np.uint8)
    checker[:, ::2] = 200
    assert (_halved(checker, 1) == 100).all()
    assert _halved(checker, 1).shape == (1, 2, 2, 3)


def test_frames_on_a_sheet_are_kept_apart_by_transparent_gaps() -> None:
    cells = np.arange(2 * 3, dtype=np.uint8).reshape(2, 3, 1, 1, 1) * np.ones((28, 28, 3), dtype=np.uint8)
    sheet = _sheet(cells)
    assert sheet.shape == (2 * 29, 3 * 29, 4)
    for row in range(2):
        for column in range(3):
            block = sheet[row * 29 : row * 29 + 28, column * 29 : column * 29 + 28]
            assert (block == [3 * row + column] * 3 + [255]).all()
    assert (sheet[28::29, :, 3] == 0).all()
    assert (sheet[:, 28::29, 3] == 0).all()
