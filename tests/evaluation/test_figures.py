import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from differentia.data.dataset import LabelledData, Split
from differentia.evaluation import figures, filmstrips, traversals
from differentia.evaluation.curves import curves
from differentia.evaluation.montage import GREEN, RED, montage, pictures, resized, rgb
from differentia.evaluation.pages import DPI, Page, draw, save, text_width, wrapped
from differentia.models.settings import ModelSettings
from differentia.models.two_code import TwoCodeModel

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
        defaults = {"z_dim": 2, "w_dim": 2, "hidden": [8]}
        model = TwoCodeModel(ModelSettings(**(defaults | settings)), data.shape, data.n_classes)
    model.fit_normalisation(data.train.x)
    return model.eval()


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


@pytest.fixture(scope="module")
def anchors(digits_model, digits):
    return traversals.anchors(digits_model, digits, 0, range(10))


# Arrays


def test_images_become_rgb_without_a_change_of_value(digits_model):
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    assert np.array_equal(pictures(digits_model, grey)[..., 1], grey[..., 0])
    assert np.array_equal(pictures(digits_model, grey.astype(np.float32) / 255), pictures(digits_model, grey))
    colour = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 4, 3), dtype=np.uint8)
    assert np.array_equal(pictures(digits_model, colour), colour)


def test_a_vector_becomes_one_bar_a_feature_in_standard_deviations():
    data = labelled((3,), 2)
    model = model_for(data)
    mean, scale = model.feature_mean.numpy(), model.feature_scale.numpy()
    picture = pictures(model, mean + scale * np.array([-3.0, 0.0, 5.0], dtype=np.float32))
    assert picture.shape == (3, 3, 3)
    assert (picture == picture[:, :1]).all()
    assert picture[:, 0].tolist() == [list(rgb("#2f6fdf")), [238, 240, 243], list(rgb("#d9822b"))]


def test_a_long_vector_becomes_a_grid_with_white_where_features_end():
    model = model_for(labelled((30,), 2))
    picture = pictures(model, np.full((2, 30), 3.0, dtype=np.float32))
    assert picture.shape == (2, 5, 6, 3)
    picture = pictures(model_for(labelled((26,), 2)), np.full((1, 26), 3.0, dtype=np.float32))
    assert picture.shape == (1, 5, 6, 3)
    assert (picture[0, 4, 2:] == 255).all()
    assert not (picture[0, 4, :2] == 255).all()


def test_small_pictures_grow_and_large_ones_shrink_by_whole_factors():
    small = np.random.default_rng(0).integers(0, 256, (2, 28, 20, 3), dtype=np.uint8)
    assert np.array_equal(resized(small)[:, ::3, ::3], small)
    assert resized(small).shape == (2, 84, 60, 3)
    large = np.full((1, 300, 201, 3), 77, dtype=np.uint8)
    assert resized(large).shape == (1, 100, 67, 3)
    assert (resized(large) == 77).all()


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


# Pages


def test_text_is_measured_and_broken_to_fit():
    text = "a caption of several words that needs more than one line"
    broken = wrapped(text, 150, 8.0, 9)
    assert broken.replace("\n", " ") == text
    assert text_width(broken, 8.0) <= 150 < text_width(text, 8.0)
    assert wrapped("W" * 90, 100, 8.0, 2).endswith("…")
    assert wrapped("", 100, 8.0, 2) == ""


def test_a_page_draws_its_montage_pixel_by_pixel():
    cells = np.random.default_rng(0).integers(0, 256, (3, 11, 28, 28, 3), dtype=np.uint8)
    page = Page("title", "caption", cells, [str(n) for n in range(11)], ["a", "b", "c"])
    image, expected = render(draw(page)), montage(resized(cells)).image
    height, width = expected.shape[:2]
    windows = [
        (top, left)
        for top in range(20, image.shape[0] - height + 1)
        for left in range(20, 80)
        if (image[top + 8, left + 8] == expected[8, 8]).all()
    ]
    assert any(np.array_equal(image[t : t + height, n : n + width], expected) for t, n in windows)


def test_a_saved_figure_has_the_pixels_it_was_laid_out_in(tmp_path, digits_model, digits):
    figure = figures.samples(digits_model, digits, 0)
    save(figure, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == tuple(round(inches * DPI) for inches in figure.get_size_inches())
        assert np.array_equal(np.asarray(image.convert("RGB")), render(figure))
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_the_traversal_page_frames_the_original_red_and_the_reconstruction_green(
    digits_model, digits, anchors
):
    figure = figures.class_traversals(digits_model, digits, anchors, 7, "w", {2: "stroke length"})
    assert_neat(figure)
    image = render(figure)
    _, red = where(image, RED)
    rows, green = where(image, GREEN)
    cell = 80
    assert np.ptp(red) + 1 == cell + 6
    frame = green[green < red.max() + cell + 10]
    assert frame.min() > red.max()
    assert np.ptp(frame) + 1 == cell + 6

    left, top = red.min() + 3, where(image, RED)[0].min() + 3
    original = resized(pictures(digits_model, anchors.x[7]))
    assert np.array_equal(image[top : top + cell, left : left + cell], original)
    # The values follow, each where its number stands.
    drawn = pictures(digits_model, traversals.traverse(digits_model, anchors.z[7], anchors.w[7], 7, "w", 0))
    heads = {text.get_text(): text.get_window_extent(figure.canvas.get_renderer()) for text in figure.texts}
    for value, picture in zip(range(-5, 6), drawn, strict=True):
        box = heads[str(value).replace("-", "−")]
        start = round((box.x0 + box.x1) / 2) - cell // 2
        expected = resized(picture)
        found = [image[top : top + cell, start + off : start + off + cell] for off in (-2, -1, 0, 1, 2)]
        assert any(np.array_equal(part, expected) for part in found)
    assert len(rows) > 0
    assert {"w₀", "w₃", "stroke length"} <= set(heads)


def test_the_tick_stands_at_the_posterior_mean(digits_model, digits, anchors):
    moved = traversals.Anchors(**(vars(anchors) | {"z": anchors.z.copy()}))
    row, ticks = filmstrips.Row(0, "z", 1, "z₁"), []
    for mean in (-7.0, -5.0, 0.0, 2.5):
        moved.z[0, 1] = mean
        image = render(filmstrips.filmstrips(digits_model, moved, [row], "title", "caption"))
        rows, columns = where(image, GREEN)
        frame = columns[rows == rows.min()]
        ticks.append(columns[columns > frame.max()].mean())
    step = (ticks[2] - ticks[1]) / 5
    assert ticks[0] == ticks[1]
    assert step == pytest.approx(80 + 8, abs=0.5)
    assert ticks[3] == pytest.approx(ticks[2] + 2.5 * step, abs=1)


def test_a_dimension_in_every_class_has_a_row_a_class(digits_model, digits, anchors):
    figure = figures.dimension_by_class(digits_model, digits, anchors, "z", 3, "thickness")
    assert_neat(figure)
    texts = [text.get_text() for text in figure.texts]
    assert "digits · z₃ in every class · thickness" in texts
    assert set(digits.class_names) <= set(texts)


def test_swaps_frame_originals_at_the_edges_and_reconstructions_on_the_diagonal(
    digits_model, digits, anchors
):
    figure = figures.swaps(digits_model, digits, anchors)
    assert_neat(figure)
    image = render(figure)
    rows, columns = where(image, RED)
    left, top = columns.min() + 3, rows.min() + 3
    step, wide = 88, 88 + 14
    for k in (0, 6):
        y, x = top + step * (k + 1), left + wide + step * k
        assert np.array_equal(
            image[y : y + 80, x : x + 80], resized(pictures(digits_model, anchors.reconstruction[k]))
        )
        assert (image[y - 3 : y, x - 3 : x + 83] == rgb(GREEN)).all()
        assert np.array_equal(
            image[y : y + 80, left : left + 80], resized(pictures(digits_model, anchors.x[k]))
        )
        assert (image[y - 3 : y, left - 3 : left + 83] == rgb(RED)).all()


def test_reconstructions_alternate_red_and_green(digits_model, digits):
    figure = figures.reconstructions(digits_model, digits, 0)
    assert_neat(figure)
    image = render(figure)
    row = where(image, RED)[0].min()
    colours = image[row, 1:][(image[row, 1:] != image[row, :-1]).any(axis=1)]
    framed = [tuple(c) for c in colours if tuple(c) != (255, 255, 255)]
    assert framed == [tuple(rgb(RED)), tuple(rgb(GREEN))] * 5


LONG = tuple(f"a class with a very long name indeed, number {n}, costing $5 and $6" for n in range(3))


@pytest.mark.parametrize(
    ("shape", "n_classes", "names", "settings"),
    [
        ((64, 64, 3), 2, None, {}),
        ((8, 12, 1), 40, None, {"z_dim": 20, "w_dim": 20}),
        ((8, 8, 1), 3, LONG, {}),
        ((8, 64, 1), 3, LONG, {}),
        ((64, 8, 1), 3, None, {}),
        ((13,), 3, None, {}),
        ((100,), 2, None, {"w_dim": 0, "z_sees_y": True}),
        ((8, 8, 1), 1, None, {"z_dim": 1, "w_dim": 1}),
    ],
    ids=[
        "colour",
        "many-classes",
        "long-names",
        "flat",
        "tall",
        "vectors",
        "long-vectors-without-w",
        "one-of-each",
    ],
)
def test_every_page_is_neat_whatever_the_data(shape, n_classes, names, settings):
    data = labelled(shape, n_classes, names)
    model = model_for(data, **settings)
    anchors = traversals.anchors(model, data, 0, figures.shown_classes(data))
    assert_neat(figures.reconstructions(model, data, 0))
    assert_neat(figures.samples(model, data, 0))
    assert_neat(figures.swaps(model, data, anchors))
    assert_neat(figures.class_traversals(model, data, anchors, 0, "z", {0: "a name " * 20}))
    assert_neat(figures.dimension_by_class(model, data, anchors, "z", 0))


def test_pages_say_what_they_leave_out():
    data = labelled((8, 8, 1), 40)
    model = model_for(data, z_dim=20)
    anchors = traversals.anchors(model, data, 0, figures.shown_classes(data))

    def caption(figure):
        return figure.texts[-1].get_text().replace("\n", " ")

    by_class = figures.dimension_by_class(model, data, anchors, "z", 0)
    assert caption(by_class).endswith("Shown are the first 12 of 40 classes.")
    traversal = figures.class_traversals(model, data, anchors, 0, "z")
    assert caption(traversal).endswith("Shown are the 16 with the largest KL of 20 dimensions.")
    shown = [text.get_text() for text in traversal.texts if text.get_text().startswith("z")]
    largest = sorted(np.argsort(-anchors.z_kl[0])[:16])
    assert shown == [traversals.dimension_name("z", int(dim)) for dim in largest]


# Curves


def test_curves_show_every_number_and_leave_gaps():
    metrics = [
        *METRICS,
        {"epoch": 4, "kl_z": float("nan"), "kl_w": 2.0, "surprise_term": 7.0, "note": "text", "flag": True},
    ]
    figure = curves(metrics, "training")
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
    figure = curves([m | {"capacity_z": 5.0, "capacity_w": 9.0} for m in METRICS], "training")
    lines = {line.get_label(): line for line in figure.axes[2].lines}
    assert lines["target w"].get_color() == lines["KL w"].get_color()
    assert lines["target w"].is_dashed()
    assert not lines["KL w"].is_dashed()


def test_a_model_without_w_has_no_curves_of_w():
    figure = curves([m | {"kl_w": 0.0, "capacity_w": 9.0, "multiplier_w": 1.0} for m in METRICS], "training")
    assert len(figure.axes) == 3
    assert [line.get_label() for line in figure.axes[2].lines] == ["KL z"]


def test_a_single_epoch_shows_as_points():
    figure = curves(METRICS[:1], "training")
    assert figure.axes[0].lines[0].get_marker() == "o"
    render(figure)
    shown = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert shown == ["0", "1", "2"]


# Files


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Ankle boot", "T-shirt/top"], ["ankle-boot", "t-shirt-top"]),
        (["a b", "a-b", "A_B"], ["a-b", "a-b-1", "a-b-2"]),
        (["../..", "Übermaß"], ["0", "übermaß"]),
        (["!!", "0"], ["0", "0-1"]),
    ],
)
def test_slugs_are_safe_and_distinct(names, expected):
    assert figures.slugs(names) == expected


def test_write_figures_writes_each_page_once_and_the_same_again(tmp_path):
    data = labelled((8, 8, 1), 2, ("Ankle boot", "T-shirt/top"))
    model = model_for(data, z_dim=1)
    calls = []
    paths = figures.write_figures(
        model, data, tmp_path / "a", METRICS, 0, lambda done, total: calls.append((done, total))
    )
    assert sorted(path.name for path in paths) == [
        "curves.png",
        "reconstructions.png",
        "samples.png",
        "swaps.png",
        "traversals-w-ankle-boot.png",
        "traversals-w-t-shirt-top.png",
        "traversals-z-ankle-boot.png",
        "traversals-z-t-shirt-top.png",
        "z-0-by-class.png",
    ]
    assert {path.parent for path in paths} == {tmp_path / "a" / "figures"}
    assert calls == [(n, 9) for n in range(1, 10)]
    again = figures.write_figures(model, data, tmp_path / "b", METRICS, 0)
    assert [p.read_bytes() for p in paths] == [p.read_bytes() for p in again]


def test_the_naive_model_has_no_pages_of_w_and_no_metrics_means_no_curves(tmp_path):
    data = labelled((8, 8, 1), 2)
    model = model_for(data, w_dim=0, z_sees_y=True, z_dim=1)
    names = {path.name for path in figures.write_figures(model, data, tmp_path, [], 0)}
    assert names == {
        "reconstructions.png",
        "samples.png",
        "swaps.png",
        "traversals-z-kind-0.png",
        "traversals-z-kind-1.png",
        "z-0-by-class.png",
    }
