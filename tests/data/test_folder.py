"""What a person's folder of pictures holds beside pictures: helpers, links, splits, odd names."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from differentia.data.catalogue import load
from differentia.data.settings import DataSettings
from differentia.data.split_names import part_of
from differentia.errors import DifferentiaError


def put(folder: Path, n: int = 4, end: str = "png") -> Path:
    """Write `n` pictures, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        pixels = np.random.default_rng([len(str(folder)), i]).integers(0, 256, (12, 12), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.{end}")
    return folder


def counted(root: Path) -> dict[str, int]:
    """Count the samples of every class, both splits together."""
    data = load(DataSettings(source=str(root)))
    y = np.concatenate([data.train.y, data.test.y])
    return dict(zip(data.class_names, np.bincount(y).tolist(), strict=True))


def notes(root: Path) -> str:
    return "\n".join(load(DataSettings(source=str(root))).notes)


@pytest.mark.parametrize(
    "helper", [".ipynb_checkpoints", ".thumbnails", "__MACOSX", "deep/er/.hidden", "@eaDir", "deep/__macosx"]
)
def test_hidden_and_helper_folders_are_ignored_at_every_depth_and_counted(tmp_path, helper):
    put(tmp_path / "cat")
    put(tmp_path / "dog")
    put(tmp_path / "cat" / helper, 3)
    (tmp_path / "dog" / "Thumbs.db").write_bytes(b"x")
    assert counted(tmp_path) == {"cat": 4, "dog": 4}
    assert "4 files passed over: 4 hidden" in notes(tmp_path)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        *(("Train", "Test"), ("Training", "Testing"), ("training_set", "test_set"), ("train", "valid")),
        *(
            ("TRAIN", "VAL"),
            ("training-images", "validation"),
            ("seg_train", "seg_test"),
            ("trainset", "Dev"),
            ("train ", "test "),
        ),
    ],
)
def test_splits_are_known_by_their_usual_names(tmp_path, train, test):
    for name, n in ((train, 4), (test, 2)):
        put(tmp_path / name / "cat", n)
        put(tmp_path / name / "dog", n)
    data = load(DataSettings(source=str(tmp_path)))
    assert (data.class_names, len(data.train), len(data.test)) == (("cat", "dog"), 8, 4)
    assert f"splits found: {train}/ to train, {test}/ to test" in data.notes or test < train


@pytest.mark.parametrize("name", ["~nobody of this name", "./~nobody of this name"])
def test_a_folder_whose_name_begins_like_a_home_is_read(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    put(tmp_path / name / "cat")
    put(tmp_path / name / "dog")
    assert load(DataSettings(source=name)).class_names == ("cat", "dog")


def test_a_split_within_a_folder_of_its_name_is_found(tmp_path):
    for name, n in (("seg_train", 4), ("seg_test", 2)):
        put(tmp_path / name / name / "cat", n)
        put(tmp_path / name / name / "dog", n)
    data = load(DataSettings(source=str(tmp_path)))
    assert (data.class_names, len(data.train), len(data.test)) == (("cat", "dog"), 8, 4)


def test_a_validation_split_beside_a_test_split_is_trained_on(tmp_path):
    for name in ("train", "val", "test"):
        put(tmp_path / name / "cat", 2)
        put(tmp_path / name / "dog", 2)
    data = load(DataSettings(source=str(tmp_path)))
    assert (len(data.train), len(data.test)) == (8, 4)
    assert "val/ to train, too" in notes(tmp_path)


@pytest.mark.parametrize(
    "name", ["trainer", "tested", "contest", "valley", "cat", "trainset2", "development"]
)
def test_classes_with_similar_names_are_no_splits(name):
    assert part_of(name) is None


def test_two_folders_for_one_split_are_refused(tmp_path):
    for name in ("train", "Training"):
        put(tmp_path / name / "cat")
        put(tmp_path / name / "dog")
    with pytest.raises(DifferentiaError, match="the same split"):
        counted(tmp_path)


def test_an_archive_unpacked_into_a_folder_of_its_own_is_looked_into(tmp_path):
    put(tmp_path / "pets" / "pets" / "Train" / "cat")
    put(tmp_path / "pets" / "pets" / "Train" / "dog")
    put(tmp_path / "pets" / "__MACOSX" / "cat")
    assert counted(tmp_path) == {"cat": 4, "dog": 4}


def test_links_are_followed_each_target_once(tmp_path):
    store = put(tmp_path / "store", 5)
    root = tmp_path / "pets"
    put(root / "cat")
    put(root / "dog")
    (root / "cat" / "more").symlink_to(store)
    (root / "cat" / "again").symlink_to(store)
    (root / "cat" / "circle").symlink_to(root)
    (root / "cat" / "same.png").symlink_to(root / "cat" / "0.png")
    (root / "cat" / "one.png").symlink_to(put(tmp_path / "one", 1) / "0.png")
    (root / "cat" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (root / "bird").symlink_to(store)
    assert counted(root) == {"bird": 5, "cat": 10, "dog": 4}
    told = notes(root)
    assert "3 link to what is there already" in told
    assert "1 broken link" in told


def test_every_format_that_pillow_reads_is_read_and_the_rest_counted(tmp_path):
    put(tmp_path / "cat")
    put(tmp_path / "dog")
    for end in ("gif", "jfif", "pgm", "jp2", "tga", "TIF"):
        put(tmp_path / "cat" / end, 1, end)
    (tmp_path / "dog" / "a.heic").write_bytes(b"x")
    (tmp_path / "dog" / "b.txt").write_bytes(b"x")
    (tmp_path / "dog" / "c").write_bytes(b"x")
    assert counted(tmp_path) == {"cat": 10, "dog": 4}
    told = notes(tmp_path)
    assert "3 files passed over: " in told
    assert "1 .heic" in told
    assert "1 file without an ending" in told


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_class_names_in_other_bytes_and_scripts_are_shown_right(tmp_path):
    for name in (b"caf\xe9", "猫".encode(), b"[bold]", "Fu\u0308chse".encode()):
        put(tmp_path / "place").rename(tmp_path / os.fsdecode(name))
    assert set(counted(tmp_path)) == {"café", "猫", "[bold]", "Füchse"}
