"""Samples and labels in whatever people hold them in mean the same as in a plain array."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from differentia.data.arrays import check_samples
from differentia.data.labels import check_labels
from differentia.errors import DifferentiaError

PICTURES = np.random.default_rng(0).integers(0, 256, (4, 8, 9, 3), dtype=np.uint8)
GREY = PICTURES[..., 0]
VECTORS = np.arange(12.0).reshape(4, 3)
NAMES = np.array(["a", "b", "a", "b"])
ZEROS_AND_ONES = np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("given", "same_as"),
    [
        (PICTURES[::-1][::-1], PICTURES),
        (PICTURES[..., ::-1], np.ascontiguousarray(PICTURES[..., ::-1])),
        (np.repeat(PICTURES, 2, axis=1)[:, ::2], PICTURES),
        (np.asfortranarray(PICTURES), PICTURES),
        (PICTURES.astype(">i4"), PICTURES),
        (PICTURES.astype(np.uint64), PICTURES),
        ((PICTURES / 255).astype(np.float16), PICTURES),
        ((PICTURES / 255).astype(">f8"), PICTURES),
        (torch.from_numpy(PICTURES), PICTURES),
        ((torch.from_numpy(PICTURES) / 255).requires_grad_(), PICTURES),
        (torch.from_numpy(PICTURES > 127).bfloat16(), PICTURES > 127),
        (list(torch.from_numpy(PICTURES)), PICTURES),
        (torch.from_numpy(PICTURES).permute(0, 3, 1, 2), PICTURES),
        (list((torch.from_numpy(PICTURES) / 255).permute(0, 3, 1, 2)), PICTURES),
        ([Image.fromarray(picture) for picture in PICTURES], PICTURES),
        (pd.Series([Image.fromarray(picture) for picture in GREY]), GREY),
        (tuple(Image.fromarray(picture) for picture in GREY), GREY),
        ([Image.fromarray(picture).convert("1", dither=0) for picture in GREY], GREY > 127),
        ([Image.fromarray(picture).convert("RGBA") for picture in PICTURES], PICTURES),
        ([Image.fromarray(GREY[0]).convert("P")] * 2, GREY[[0, 0]][..., None].repeat(3, -1)),
        ([Image.fromarray(GREY[0]), Image.fromarray(PICTURES[1])], [np.dstack([GREY[0]] * 3), PICTURES[1]]),
        (pd.Series(list(PICTURES)), PICTURES),
        (PICTURES.tolist(), PICTURES),
        (VECTORS[:, ::-1], np.ascontiguousarray(VECTORS[:, ::-1])),
        (VECTORS.astype(">f4"), VECTORS),
        (VECTORS.astype(np.float16), VECTORS),
        (pd.DataFrame(VECTORS), VECTORS),
        (torch.from_numpy(VECTORS), VECTORS),
        (np.ma.array(VECTORS), VECTORS),
    ],
)  # fmt: skip
def test_samples_are_taken_in_any_layout_and_library(given, same_as) -> None:
    found = check_samples(given, "X")
    np.testing.assert_array_equal(found, check_samples(same_as, "X"))
    assert found.flags.c_contiguous
    assert found.dtype.isnative


def test_pictures_of_16_bits_whose_range_nobody_knows_are_refused() -> None:
    with pytest.raises(DifferentiaError, match=r"whole numbers from .* Scale them"):
        check_samples([Image.fromarray(picture.astype(np.uint16) * 257) for picture in GREY], "X")


def test_a_read_only_array_is_taken() -> None:
    fixed = PICTURES.copy()
    fixed.flags.writeable = False
    np.testing.assert_array_equal(check_samples(fixed, "X"), PICTURES)


@pytest.mark.parametrize("beyond", [1.0000001, 1 + 0.4 / 255, -1e-17, -0.4 / 255])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_floats_a_hair_outside_the_unit_interval_are_clipped(beyond: float, dtype: type) -> None:
    x = GREY / 255
    x[0, 0, 0] = beyond
    found = check_samples(x.astype(dtype), "X")
    np.testing.assert_array_equal(found.ravel()[1:], GREY.ravel()[1:])
    assert found.ravel()[0] == (255 if beyond > 1 else 0)


@pytest.mark.parametrize(
    ("change", "told", "untold"),
    [
        (lambda x: x - 0.05, r"pass X.clip\(0, 1\)", r"\(X \+ 1\)"),
        (lambda x: x * 1.05, r"pass X.clip\(0, 1\)", "Divide"),
        (lambda x: x * 255, "Divide by 255", "clip"),
        (lambda x: 2 * x - 1, r"\(X \+ 1\) / 2", "clip"),
        (lambda x: x * 4095, "by the same range", "Divide by 255"),
        (lambda x: (x * 0).astype(int), "picture is black", "multiply"),
        (lambda x: (x > 0.5).astype(int), "multiply by 255", "black\\."),
    ],
)
def test_the_advice_does_no_harm(change, told: str, untold: str) -> None:
    x = np.linspace(0, 1, 256).reshape(4, 8, 8)
    with pytest.raises(DifferentiaError, match=told) as problem:
        check_samples(change(x), "X")
    assert untold.replace("\\", "") not in str(problem.value)


@pytest.mark.parametrize(
    "given",
    [
        [Image.new("L", (8, 8)), Image.new("L", (9, 8))],
        pd.Series([np.zeros((8, 8)), np.zeros((8, 9))]),
        [[1.0], [1.0, 2.0]],
        np.ma.array(VECTORS, mask=VECTORS > 3),
    ],
)
def test_samples_without_one_shape_are_refused(given) -> None:
    with pytest.raises(DifferentiaError, match=r"(ragged|masked).*\. "):
        check_samples(given, "X")


def test_a_picture_among_others_that_cannot_be_shown_is_refused_for_what_it_is() -> None:
    with pytest.raises(DifferentiaError, match="X holds a picture that cannot be read: NaN"):
        check_samples([Image.new("F", (8, 8)), Image.new("F", (8, 8), float("nan"))], "X")


@pytest.mark.parametrize(
    ("given", "same_as"),
    [
        (ZEROS_AND_ONES.astype(float), ZEROS_AND_ONES),
        (ZEROS_AND_ONES.astype(">i2"), ZEROS_AND_ONES),
        (ZEROS_AND_ONES[:, None], ZEROS_AND_ONES),
        (np.eye(2)[ZEROS_AND_ONES], ZEROS_AND_ONES),
        (np.eye(2, dtype=bool)[ZEROS_AND_ONES].tolist(), ZEROS_AND_ONES),
        (pd.get_dummies(pd.Series(ZEROS_AND_ONES)), ZEROS_AND_ONES),
        (ZEROS_AND_ONES.astype(object), ZEROS_AND_ONES),
        (np.array([0.0, 1, 0, True], dtype=object), ZEROS_AND_ONES),
        (ZEROS_AND_ONES - 1, ZEROS_AND_ONES - 1),
        (torch.from_numpy(ZEROS_AND_ONES).float().requires_grad_(), ZEROS_AND_ONES),
        (list(torch.from_numpy(ZEROS_AND_ONES)), ZEROS_AND_ONES),
        (pd.Series(ZEROS_AND_ONES, dtype="Int64"), ZEROS_AND_ONES),
        (pd.Series(ZEROS_AND_ONES).astype("category"), ZEROS_AND_ONES),
        (pd.Categorical(NAMES), NAMES),
        (pd.DataFrame({"y": NAMES}), NAMES),
        (NAMES.astype("S"), NAMES),
        ([b"a", b"b", b"a", b"b"], NAMES),
        (np.array([b"a", b"b", b"a", b"b"], dtype=object), NAMES),
        (NAMES.tolist(), NAMES),
        (NAMES.astype(np.dtypes.StringDType()), NAMES),
    ],
)  # fmt: skip
def test_labels_are_taken_in_any_form(given, same_as) -> None:
    found = check_labels(given, "y")
    np.testing.assert_array_equal(found, same_as)
    assert found.dtype.kind in "biU"


@pytest.mark.parametrize(
    "given",
    [
        ["a", None, "b"],
        ["a", np.nan, "b"],
        [0, None, 1],
        [0.0, np.nan, 1.0],
        np.array(["a", None, "b"], dtype=object),
        np.array(["a", np.nan, "b"], dtype=object),
        pd.Series(["a", None, "b"]),
        pd.Series([0, None, 1], dtype="Int64"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Categorical(["a", None, "b"]),
        pd.Categorical([0, None, 1]),
        np.array([0, pd.NaT, 1], dtype=object),
    ],
)
def test_a_sample_without_a_label_is_refused(given) -> None:
    with pytest.raises(DifferentiaError, match=r"no label for 1 of 3 samples.*Leave these samples out\."):
        check_labels(given, "y")


@pytest.mark.parametrize(
    "given",
    [[1, "a"], [object()], np.eye(3) * 2, np.ones((3, 3)), [0.5, 1.5], pd.to_datetime(["2020-01-01"])],
)
def test_what_is_no_label_is_refused(given) -> None:
    with pytest.raises(DifferentiaError, match=r"\. \w+"):
        check_labels(given, "y")
