"""Every page of a run: neat whatever the data, and with the right picture in the right place."""

import numpy as np
import pytest
from PIL import Image

from differentia.metrics.codes import dimension_name
from differentia.plots import figures, filmstrips, traversals
from differentia.plots.images import GREEN, RED, pictures, resized, rgb
from differentia.plots.style import DPI, save
from plots.drawing import METRICS, assert_neat, labelled, model_for, render, where


@pytest.fixture(scope="module")
def anchors(digits_model, digits):
    return traversals.anchors(digits_model, digits, 0, range(10))


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
    assert set(rows[green == frame.min()]) == set(where(image, RED)[0])

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
        ((100,), 2, None, {"w_dim": 0}),
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
    assert shown == [dimension_name("z", int(dim)) for dim in largest]


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
        model, data, tmp_path / "a", METRICS, (), 0, lambda done, total: calls.append((done, total))
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
    again = figures.write_figures(model, data, tmp_path / "b", METRICS, (), 0)
    assert [p.read_bytes() for p in paths] == [p.read_bytes() for p in again]


def test_the_naive_model_has_no_pages_of_w_and_no_metrics_means_no_curves(tmp_path):
    data = labelled((8, 8, 1), 2)
    model = model_for(data, w_dim=0, z_dim=1)
    names = {path.name for path in figures.write_figures(model, data, tmp_path, [], (), 0)}
    assert names == {
        "reconstructions.png",
        "samples.png",
        "swaps.png",
        "traversals-z-kind-0.png",
        "traversals-z-kind-1.png",
        "z-0-by-class.png",
    }
