from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import medial_axis

from differentia.errors import DifferentiaError
from differentia.measurements.enlargement import enlarge
from differentia.measurements.morphometry import AT_ONCE, INTENSITY, MEASUREMENTS, SHAPE, meaningful, measure
from differentia.measurements.strokes import strokes
from differentia.metrics.followed_measurements import followed


def bars(size=28, n=24, seed=0, shear=0.0, thickness=None, gain=1.0):
    """Anti-aliased upright bars of random length, thickness and place, sheared about their middle."""
    rng = np.random.default_rng(seed)
    fine = 8
    y, x = (np.mgrid[: size * fine, : size * fine] + 0.5) / fine - 0.5
    images, truth = [], []
    for _ in range(n):
        length, wide = rng.uniform(12, 18), rng.uniform(2, 5) if thickness is None else thickness
        row, column = size / 2 + rng.uniform(-2, 2, 2)
        inside = (np.abs(y - row) < length / 2) & (np.abs(x - column + shear * (y - row)) < wide / 2)
        images.append(inside.reshape(size, fine, size, fine).mean(axis=(1, 3)))
        truth.append((length, wide, row, column))
    return (gain * np.array(images))[..., None].astype(np.float32), np.array(truth)


def table(samples):
    measured = measure(samples)
    return dict(zip(measured.names, measured.values.T, strict=True))


def scribbles(n, size=28, seed=3):
    """Smooth strokes of random course and thickness."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size][:, None]
    course = size / 2 + np.cumsum(ndimage.gaussian_filter1d(rng.normal(size=(2, n, 120)), 12, axis=2), axis=2)
    course += size / 2 - course.mean(axis=2, keepdims=True)
    nearest = np.full((n, size, size), np.inf)
    for row, column in np.moveaxis(course, 2, 0)[:, :, :, None, None]:
        np.minimum(nearest, np.hypot(y - row, x - column), out=nearest)
    radius = rng.uniform(1.0, 2.5, n)[:, None, None]
    return np.clip(radius + 0.5 - nearest, 0.0, 1.0)[..., None].astype(np.float32)


def test_the_published_measurements_of_the_first_training_image_of_mnist():
    with np.load(Path(__file__).with_name("mnist_first_training_image.npz"), allow_pickle=False) as stored:
        measured = table(stored["image"][None, :, :, None])
    published = {
        "area": 107.31,
        "length": 50.27,
        "thickness": 2.461,
        "slant": 0.2311,
        "width": 14.54,
        "height": 19.85,
    }
    for name, value in published.items():
        assert measured[name][0] == pytest.approx(value, rel=0.005), name


def test_bars_of_known_size():
    images, truth = bars()
    length, thickness, row, column = truth.T
    measured = table(images)
    assert measured["area"] == pytest.approx(length * thickness, rel=0.1)
    assert measured["thickness"] == pytest.approx(thickness, abs=0.8)  # the axis forks into the corners
    assert np.corrcoef(measured["thickness"], thickness)[0, 1] > 0.94
    # Pixels and smoothing blur the border, and the box leaves out 1 % of the mass on each side.
    assert measured["width"] - thickness == pytest.approx(1.0, abs=0.6)
    assert measured["height"] - length == pytest.approx(0.4, abs=0.4)
    assert measured["slant"] == pytest.approx(0.0, abs=0.02)
    assert measured["x"] == pytest.approx(column, abs=0.08)
    assert measured["y"] == pytest.approx(row, abs=0.08)
    assert measured["brightness"] == pytest.approx(length * thickness / 28**2, rel=0.04)


@pytest.mark.parametrize("shear", [-0.4, -0.1, 0.25, 0.5])
def test_shear_changes_the_slant_and_nothing_else_of_the_box(shear):
    upright = table(bars(thickness=3.0)[0])
    sheared = table(bars(shear=shear, thickness=3.0)[0])
    assert sheared["slant"] == pytest.approx(np.arctan(shear), abs=0.02)
    assert sheared["width"] == pytest.approx(upright["width"], abs=0.6)
    assert sheared["height"] == pytest.approx(upright["height"], abs=0.1)


def test_a_faint_image_on_grey_has_the_shape_of_a_bright_one_on_black():
    images, _ = bars()
    bright, faint = table(images), table(0.25 + 0.5 * images)
    for name in (*SHAPE, "x", "y", "sharpness"):
        assert faint[name] == pytest.approx(bright[name], rel=0.01, abs=1e-3), name
    assert faint["brightness"] == pytest.approx(0.25 + 0.5 * bright["brightness"], rel=1e-4)
    assert faint["contrast"] == pytest.approx(0.5 * bright["contrast"], rel=1e-4)


def test_sharpness_falls_with_blur():
    images, _ = bars()
    blurred = [
        table(ndimage.gaussian_filter(images, (0, s, s, 0)))["sharpness"].mean() for s in (0, 0.7, 1.5)
    ]
    assert blurred[0] > 1.1 * blurred[1] > 1.1**2 * blurred[2]


def test_area_and_distance_are_exact_and_the_axis_that_of_a_program_for_single_images():
    shapes = enlarge(scribbles(40)[..., 0], 4) >= 0.5
    measured = strokes(shapes, 4)
    lengths, thicknesses = [], []
    for shape in np.pad(shapes.transpose(1, 0, 2), ((0, 0), (1, 1), (1, 1))):
        axis, distance = medial_axis(shape, return_distance=True, rng=0)
        straight = np.sum(axis[1:] & axis[:-1]) + np.sum(axis[:, 1:] & axis[:, :-1])
        diagonal = np.sum(axis[1:, 1:] & axis[:-1, :-1]) + np.sum(axis[1:, :-1] & axis[:-1, 1:])
        lengths.append((straight + 2**0.5 * diagonal) / 4)
        thicknesses.append(2 * distance[axis].mean() / 4)
    assert np.array_equal(measured.area, shapes.sum(axis=(0, 2)) / 16)
    assert measured.length == pytest.approx(np.array(lengths), rel=0.12, abs=1.5)
    assert measured.length.mean() == pytest.approx(np.mean(lengths), rel=0.01)
    assert measured.thickness == pytest.approx(np.array(thicknesses), rel=0.04)
    assert measured.thickness.mean() == pytest.approx(np.mean(thicknesses), rel=0.005)


def test_the_axis_of_a_disc_is_short_and_its_thickness_the_diameter():
    y, x = np.mgrid[:120, :120] - 59.5
    disc = strokes((np.hypot(x, y) < 40)[:, None, :], 4)
    assert disc.thickness[0] > 0.8 * 20
    square = strokes(np.pad(np.ones((9, 9), bool), 5)[:, None, :], 1)
    assert square.thickness[0] == pytest.approx(2 * np.mean([1, 2, 3, 4, 5, 4, 3, 2, 1]), rel=0.25)
    assert square.length[0] == pytest.approx(2 * 8 * 2**0.5, rel=0.1)


def test_images_do_not_influence_each_other():
    images = scribbles(AT_ONCE + 30)
    together = measure(images).values
    some = [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 29]
    alone = np.concatenate([measure(images[[i]]).values for i in some])
    assert together[some] == pytest.approx(alone, rel=1e-4, abs=1e-5)


def test_bytes_measure_as_the_floats_they_stand_for():
    levels = np.round(255 * scribbles(10)).astype(np.uint8)
    assert measure(levels).values == pytest.approx(measure(levels / 255.0).values, rel=1e-5)


@pytest.mark.parametrize("only", [("brightness",), ("saturation", "area", "x"), ("width", "hue_red"), ()])
def test_some_measurements_are_what_all_of_them_are(only):
    images = np.repeat(scribbles(12), 3, axis=3) * np.array([1.0, 0.5, 0.2], dtype=np.float32)
    some, whole = measure(images, only=only), measure(images)
    assert some.names == tuple(name for name in whole.names if name in only)
    kept = [whole.names.index(name) for name in some.names]
    assert np.array_equal(some.values, whole.values[:, kept])


def test_images_without_contrast_have_a_brightness_and_no_shape():
    levels = np.array([0.0, 0.5, 1.0])
    measured = table(np.ones((3, 28, 28, 1)) * levels[:, None, None, None])
    assert np.array_equal(measured.pop("brightness"), levels.astype(np.float32))
    assert np.array_equal(measured.pop("contrast"), np.zeros(3))
    assert all(np.isnan(column).all() for column in measured.values())


@pytest.mark.parametrize(
    "size", [(28, 28, 1), (32, 32, 3), (64, 64, 3), (109, 89, 3), (8, 8, 1), (3, 40, 1), (1, 1, 1)]
)
def test_every_kind_of_image_is_measured(size):
    rng = np.random.default_rng(0)
    images = rng.random((5, *size))
    images[1:3] = rng.random((2, *size)) < 0.02
    images[3] = 0.0
    images[3, size[0] // 2] = 1.0
    images[4] = 1.0
    images[4, 0, 0] = 0.0
    values = measure(images).values
    assert values.shape == (5, len(MEASUREMENTS) if size[2] == 3 else len(SHAPE | INTENSITY))
    assert not np.isinf(values).any()
    if min(size[:2]) >= 8:
        assert np.isfinite(values[0]).all()


def test_colour():
    pure = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.25, 0.25], [0.4, 0.4, 0.4]])
    images = np.ones((5, 16, 16, 3)) * pure[:, None, None, :]
    images[:, :4] = 0.0
    measured = table(images)
    angle = np.rad2deg(np.arctan2(measured["hue_green"], measured["hue_red"]))
    assert angle[:4] == pytest.approx([0, 120, -120, 0], abs=0.1)
    assert np.hypot(measured["hue_green"], measured["hue_red"])[:4] == pytest.approx(1.0)
    assert np.isnan(angle[4])
    assert measured["saturation"] == pytest.approx([1, 1, 1, 0.5, 0], abs=1e-6)
    assert measured["brightness"][:3] == pytest.approx(0.75 * np.array([0.2126, 0.7152, 0.0722]), rel=1e-4)


def test_vectors_are_their_own_measurements():
    x = np.arange(6.0).reshape(3, 2)
    measured = measure(x)
    assert measured.names == ("feature 0", "feature 1")
    assert measured.values.dtype == np.float32
    assert np.array_equal(measured.values, x)
    named = measure(x, names=("height", "weight"))
    assert [named.label(0), named.label(1)] == ["height", "weight"]


def test_labels_are_words():
    assert measure(scribbles(1)).label(2) == "stroke thickness"


@pytest.mark.parametrize(
    ("samples", "names"),
    [
        (np.zeros((2, 28, 28)), None),
        (np.zeros((2, 28, 28, 2)), None),
        (np.zeros((2, 28, 28, 1), dtype=bool), None),
        (np.zeros((2, 3)), ("a", "b")),
    ],
)
def test_what_cannot_be_measured_is_said(samples, names):
    with pytest.raises(DifferentiaError, match="give"):
        measure(samples, names)


def _left(samples):
    """Names of the measurements that are left."""
    names = measure(samples[:1]).names
    return [names[k] for k in meaningful(samples)]


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_shapes_are_measured_where_pictures_show_shapes(kind):
    rng = np.random.default_rng(0)
    drawn = scribbles(40)
    light = ndimage.gaussian_filter(rng.normal(size=(40, 28, 28, 3)), (0, 6, 6, 0))
    photographs = (light - light.min()) / np.ptp(light)
    scale = 255 if kind is np.uint8 else 1
    assert _left((scale * drawn).astype(kind)) == list(SHAPE | INTENSITY)
    assert _left((scale * photographs).astype(kind)) == [name for name in MEASUREMENTS if name not in SHAPE]
    assert _left(rng.normal(size=(5, 3)).astype(np.float32)) == ["feature 0", "feature 1", "feature 2"]


def test_the_audit_follows_what_varies_inside_the_classes_of_many_features():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    x = rng.normal(size=(200, 20)) + 50 * y[:, None] * (np.arange(20) < 4)
    assert followed(x.astype(np.float32), y).tolist() == list(range(4, 20))
