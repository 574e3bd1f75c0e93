"""The audit on a linear world whose codes are known, and on a small trained model."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from differentia.data.dataset import LabelledData, Split
from differentia.errors import DifferentiaError
from differentia.metrics.audit.audit import audit, audit_codes
from differentia.metrics.audit.verdict import judge, leaks
from differentia.metrics.codes import CodedSplit
from small import encoded, small_model

CENTRES = 6 * np.eye(3, 8, k=5)
FROM_Z = np.hstack([np.eye(3), np.zeros((3, 5))])
FROM_W = np.hstack([np.zeros((2, 3)), np.eye(2), np.zeros((2, 3))])


def decode(z, w, y):
    """Features 0 to 2 are z's, 3 and 4 are w's, 5 to 7 are the class's."""
    known = z[:, :3] @ FROM_Z + CENTRES[y]
    return (known + (w @ FROM_W if w.shape[1] else 0)).astype(np.float32)


def world(n, seed, with_w):
    """Codes that are what they should be: z independent of the class."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    means = rng.standard_normal((n, 3)), rng.standard_normal((n, 2 * with_w))
    means = [0.95 * mean.astype(np.float32) for mean in means]
    spread = [np.full_like(mean, 2 * np.log(0.3)) for mean in means]
    z, w = (m + 0.3 * rng.standard_normal(m.shape).astype(np.float32) for m in means)
    x = decode(means[0], means[1], y) + 0.05 * rng.standard_normal((n, 8)).astype(np.float32)
    return CodedSplit(x, y, encoded(means[0], spread[0], means[1], spread[1]), z, w)


def errors(decoded, x):
    return np.square(decoded - x).sum(1)


def audited(train, test, **options):
    data = LabelledData("world", Split(train.x, train.y), Split(test.x, test.y), ("a", "b", "c"))
    given = "w and class" if test.w.shape[1] else "class"
    return audit_codes(data, train, test, decode, errors, given=given, **options)


@pytest.fixture(scope="module")
def splits():
    return world(1200, 1, with_w=False), world(1500, 2, with_w=False)


@pytest.fixture(scope="module")
def clean(splits):
    return audited(*splits)


def planted(split):
    """Append the class, scaled to 5 % of a unit, to z."""
    column = (0.05 * split.y)[:, None].astype(np.float32)
    return replace(split, z=np.hstack([split.z, column]))


def coded_class(split):
    """Make w the class."""
    return replace(split, w=np.eye(3)[split.y][:, :2].astype(np.float32))


def shuffled(split):
    rows = np.random.default_rng(5).permutation(len(split))
    moved = split.take(rows)
    return replace(moved, x=split.x, y=split.y, w=split.w)


def test_a_code_independent_of_the_class_is_separated(clean):
    assert clean.verdict.level == "separated"
    assert clean.figure("z").accuracy < clean.chance + 0.03
    assert clean.figure("z").bits < 0.01
    assert all(row.low < 0.36 and row.bits_low < 0.01 for row in clean.control)


def test_what_z_holds_is_recovered_and_survives_a_swap(clean):
    held = {row.name: row.r2_z for row in clean.collapse.recovered}
    kept = {row.name: row for row in clean.swap.survival}
    for feature in ("feature 0", "feature 1", "feature 2"):
        assert held[feature] > 0.75
        assert kept[feature].rank_a > 0.9
        assert abs(kept[feature].rank_b) < 0.1
    assert held["feature 3"] == pytest.approx(0, abs=0.1)
    assert clean.swap.says_b.value == 1.0
    assert clean.swap.real.value > 0.99
    assert clean.collapse.loss_without_z > 2


def test_without_w_everything_about_it_is_absent(clean):
    assert clean.figure("w") is None
    assert clean.mislabelled is None
    assert clean.collapse.kl_w is clean.collapse.loss_without_w is None
    assert all(row.r2_w is None for row in clean.collapse.recovered)


@pytest.mark.parametrize("repeats_the_told_class", [True, False])
def test_w_of_wrongly_labelled_samples_is_read_as_what_it_holds(repeats_the_told_class):
    """A w that is the class its encoder was told, and one that is the class of the picture."""
    train, test = (coded_class(world(n, seed, with_w=True)) for n, seed in ((1200, 1), (1500, 2)))
    fed = (test.y + 1) % 3
    held = np.eye(3)[fed if repeats_the_told_class else test.y][:, :2].astype(np.float32)
    wrong = audited(train, test, mislabelled=(held, fed)).mislabelled
    assert wrong.says_fed.value == repeats_the_told_class
    assert wrong.says_true.value != repeats_the_told_class
    assert wrong.says_fed.low == wrong.says_fed.high == wrong.says_fed.value


def test_without_w_the_verdict_does_not_speak_of_it(clean):
    assert "show the class that they were decoded with" in clean.verdict.sentence


def test_the_tables_of_an_audit_fit_80_columns_with_every_word(clean):
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(clean.table())
    text = capture.get()
    for words in ("[μ, log σ²]", "permuted y", "neighbours", "perceptron", "95 % interval", "trained"):
        assert words in text
    assert "…" not in text.replace(" … ", "")


def test_a_planted_leak_turns_the_verdict(splits):
    found = audited(*map(planted, splits))
    assert found.verdict.level == "leaks"
    assert found.figure("z").accuracy > 0.99
    assert found.figure("z").bits > 1.5


def test_shuffling_z_hides_the_leak_and_turns_the_collapse_check(splits):
    found = audited(*(shuffled(planted(split)) for split in splits))
    assert found.verdict.level == "collapsed"
    assert not any(leaks(row, found.shares) for row in found.rows if row.input == "samples")
    assert found.collapse.loss_without_z == pytest.approx(1, abs=0.05)
    assert all(row.r2_z < 0.1 for row in found.collapse.recovered)


def test_a_w_that_holds_only_the_label_is_called_so(clean):
    """However well a probe reads the class from it: its encoder is told the class."""

    def verdict(error: float | None, z_error: float = 2.0):
        collapse = replace(
            clean.collapse,
            error=1.0,
            error_z_exchanged_within=z_error,
            error_w_exchanged_within=error,
            kl_w=7.0,
        )
        return judge(clean.rows, clean.control, clean.shares, collapse, clean.swap)

    assert verdict(1.3).level == verdict(None).level == "separated"
    assert "Exchanging w makes it 1.30 times as large (7.0 nats)." in verdict(1.3).sentence
    assert verdict(1.0).level == "label only"
    assert "So w carries nothing but the label that its encoder is given." in verdict(1.0).sentence
    assert verdict(1.0, z_error=1.0).level == "collapsed"  # an empty z is worse


def test_a_leak_in_the_parameters_alone_is_named(splits):
    def hidden(split):
        log_variance = split.posterior.z_log_variance.copy()
        log_variance[:, 0] += 1e-4 * split.y
        return replace(split, posterior=replace(split.posterior, z_log_variance=log_variance))

    found = audited(*map(hidden, splits))
    assert found.verdict.level == "separated in samples"
    assert found.figure("z", "parameters").accuracy > 0.99
    assert "parameters" in found.verdict.sentence


def test_a_trace_below_the_tolerance_is_told(clean):
    def verdict(low):
        rows = [replace(row, bits=0.009, bits_low=low, bits_high=0.012) for row in clean.rows]
        return judge(rows, clean.control, clean.shares, clean.collapse, clean.swap)

    assert verdict(0.006).level == verdict(-0.001).level == "separated"
    assert "trace" in verdict(0.006).sentence
    assert "trace" not in verdict(-0.001).sentence


def test_one_unlucky_control_of_four_is_no_alarm(clean):
    """One probe in twenty misses a 95 % interval by luck, and four are asked."""
    chance = clean.shares.min()
    unlucky = replace(clean.control[0], accuracy=chance - 0.019, low=chance - 0.034, high=chance - 0.004)
    found = judge(clean.rows, [unlucky], clean.shares, clean.collapse, clean.swap)
    assert found.level == "separated"


def test_a_control_that_is_not_at_chance_makes_the_audit_unsound(clean):
    control = [replace(clean.control[0], accuracy=0.5, low=0.47, high=0.53)]
    found = judge(clean.rows, control, clean.shares, clean.collapse, clean.swap)
    assert found.level == "unsound"


def test_a_control_that_misses_chance_by_luck_is_drawn_again_and_that_is_said(splits, monkeypatch):
    asked = []

    def unlucky(control, shares):
        asked.append(control)
        return len(asked) == 1

    monkeypatch.setattr("differentia.metrics.audit.audit.misses_chance", unlucky)
    found = audited(*splits, quick=True)
    assert found.verdict.level == "separated"
    assert found.remarks == (
        "The labels of the control were permuted 2 times, because a draw missed chance.",
    )
    assert found.control == asked[1] != asked[0]


def test_leaks_counts_accuracy_below_every_class_share_and_bits_that_accuracy_misses(clean):
    row, shares = clean.figure("z"), np.array([0.9, 0.1])
    at_chance = replace(row, accuracy=0.9, low=0.88, high=0.92, bits=0.0, bits_low=-0.01, bits_high=0.01)
    assert not leaks(at_chance, shares)
    assert not leaks(replace(at_chance, accuracy=0.5, low=0.48, high=0.52), shares)
    assert leaks(replace(at_chance, accuracy=0.05, low=0.04, high=0.06), shares)
    assert leaks(replace(at_chance, bits=0.1, bits_low=0.08), shares)
    assert leaks(replace(at_chance, accuracy=0.95, low=0.94, high=0.96), shares)
    assert not leaks(replace(at_chance, accuracy=0.95, low=0.89, high=0.99), shares)


@pytest.fixture(scope="module")
def trained(digits_model, digits):
    said = []
    small = replace(
        digits,
        train=Split(digits.train.x[:600], digits.train.y[:600]),
    )
    found = audit(digits_model, small, seed=3, quick=True, progress=said.append)
    return SimpleNamespace(audit=found, said=said, data=small)


@pytest.mark.slow
def test_audit_of_a_model_covers_every_probe_code_and_input(trained):
    rows = trained.audit.rows
    assert len(rows) == 4 * 2 * 3
    assert len({(row.code, row.input, row.probe) for row in rows}) == len(rows)
    assert all(row.n_train == 600 and row.n_test == len(trained.data.test) for row in rows)
    assert all(row.low <= row.accuracy <= row.high and row.bits_low <= row.bits_high for row in rows)
    assert trained.audit.figure("w", "parameters").accuracy > 0.8
    assert len(trained.said) > len(rows)


@pytest.mark.slow
def test_w_told_a_wrong_class_and_swapped_pictures_are_judged(trained):
    wrong, swap = trained.audit.mislabelled, trained.audit.swap
    assert max(wrong.says_true.value, wrong.says_fed.value) < 0.25  # its w is all but free of the class
    assert wrong.says_true.low < wrong.says_true.value < wrong.says_true.high
    assert swap.says_b.value > 0.9
    assert swap.matrix.shape == (10, 10)
    assert np.isnan(np.diag(swap.matrix)).all()
    assert trained.audit.collapse.loss_without_w > 1.2


@pytest.mark.slow
def test_audit_prints_as_a_table_and_is_plain_json(trained):
    text = str(trained.audit)
    assert trained.audit.verdict.level in text
    assert "perceptron" in text
    assert max(map(len, text.splitlines())) <= 110
    figures = json.loads(json.dumps(trained.audit.to_json(), allow_nan=False))
    assert figures["worst"][0]["accuracy"] == trained.audit.figure("z").accuracy
    assert len(figures["control"]) == 4


@pytest.mark.slow
def test_audit_as_a_frame_needs_pandas(trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(DifferentiaError, match="pandas"):
        trained.audit.to_frame()


@pytest.mark.slow
def test_audit_as_a_frame_has_a_line_a_probe(trained):
    pytest.importorskip("pandas")
    frame = trained.audit.to_frame()
    assert len(frame) == 28
    assert frame.loc[frame.permuted, "bits"].max() < 0.1


@pytest.mark.slow
def test_audit_repeats(trained, digits_model):
    again = audit(digits_model, trained.data, seed=3, quick=True)
    assert again.to_json() | {"seconds": 0} == trained.audit.to_json() | {"seconds": 0}


def test_a_single_class_is_refused(digits):
    model = small_model(digits.shape, 10)
    one = Split(digits.test.x[digits.test.y == 3], digits.test.y[digits.test.y == 3])
    with pytest.raises(DifferentiaError, match="two classes"):
        audit(model, replace(digits, train=one, test=one))
