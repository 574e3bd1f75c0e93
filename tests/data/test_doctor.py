from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bad_inputs import celeba, class_folder, images, labels, npz
from differentia.data.doctor import examine
from differentia.data.settings import DataSettings


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFERENTIA_CACHE", str(tmp_path / "cache"))


def warnings_of(path: Path, **settings: object) -> str:
    diagnosis = examine(DataSettings(source=str(path), **settings))
    assert diagnosis.problem is None
    return "\n".join(finding.what for finding in diagnosis.findings)


def test_sound_data_have_no_findings(tmp_path):
    path = npz(x=images(200), y=labels(200))(tmp_path)
    diagnosis = examine(DataSettings(source=str(path)))
    assert diagnosis.findings == []
    assert diagnosis.classes == [("0", 80, 20), ("1", 80, 20)]
    assert ("samples", "160 to train, 40 to test") in diagnosis.facts


def test_copies_are_counted_within_and_across_splits_and_classes(tmp_path):
    x, x_test = images(200), images(210)[200:]
    x[1] = x[0]
    x_test[0] = x[5]
    path = npz(x=x, y=labels(200), x_test=x_test, y_test=labels(10))(tmp_path)
    told = warnings_of(path)
    assert "2 exact repetitions of other samples" in told
    assert "1 sample in both the training and the test split" in told
    assert "2 samples in more than one class" in told


def test_empty_pictures_few_samples_and_imbalance_are_told(tmp_path):
    x = images(400)
    x[7] = 30
    told = warnings_of(npz(x=x, y=np.repeat([0, 1], [380, 20]), x_test=images(20), y_test=labels())(tmp_path))
    assert "1 train image of a single brightness: number 7" in told
    assert "1 class with fewer than 50 training samples: 1 (20)" in told
    assert "the largest class has 380 training samples and the smallest 20" in told


def test_faint_images_and_arrays_without_a_use_are_told(tmp_path):
    told = warnings_of(npz(x=images() // 8, X_test=images())(tmp_path))
    assert "only the values 0 to 31" in told
    assert "arrays without a use: X_test" in told


def test_constant_and_uneven_features_are_told(tmp_path):
    x = np.random.default_rng(0).normal(size=(200, 3)) * [1, 1000, 0]
    told = warnings_of(npz(x=x, y=labels(200))(tmp_path))
    assert "1 constant feature: 2" in told
    assert "standard deviations run from" in told


def test_every_unreadable_picture_is_listed(tmp_path):
    root = class_folder()(tmp_path)
    for i in range(4):
        (root / "cat" / f"{i}.png").write_bytes(b"no picture")
    diagnosis = examine(DataSettings(source=str(root)))
    assert diagnosis.problem is not None
    assert [f.what for f in diagnosis.findings] == [f"cat/{i}.png: not a picture" for i in range(4)]


def test_files_that_are_no_pictures_are_told(tmp_path):
    root = class_folder()(tmp_path)
    (root / "cat" / "cat.heic").write_bytes(b"x")
    assert "1 file not taken for pictures: cat.heic" in warnings_of(root)


def test_celeba_tells_what_is_absent_and_unlisted(tmp_path):
    root = celeba()(tmp_path)
    (root / "img_align_celeba" / "000001.jpg").unlink()
    Image.new("RGB", (8, 8)).save(root / "img_align_celeba" / "mine.jpg")
    told = warnings_of(root, size=8)
    assert "1 listed picture absent" in told
    assert "1 picture not listed" in told
