"""Class folders and CelebA, on pictures whose pixels are known."""

import io
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from bad_inputs import celeba, class_folder, npz, split_folder
from differentia.data.catalogue import load
from differentia.data.images import UnreadableError
from differentia.data.picture import decode as decoded
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIFFERENTIA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DIFFERENTIA_DATA", raising=False)
    return tmp_path / "cache"


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def decode(content: bytes, size: int) -> np.ndarray:
    pixels = decoded(content, size).pixels
    assert pixels is not None
    return pixels


QUADRANTS = np.zeros((16, 16, 3), dtype=np.uint8)
QUADRANTS[:8, :8], QUADRANTS[:8, 8:], QUADRANTS[8:, :8] = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "WEBP", "JPEG"])
def test_every_format_gives_its_colours(form):
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}.get(form, {})
    pixels = decode(saved(Image.fromarray(QUADRANTS), form, **options), 16)
    np.testing.assert_allclose(pixels, QUADRANTS, atol=3 if form == "JPEG" else 0)


def test_palettes_and_alpha_are_read_and_transparency_is_white():
    pixels = decode(saved(Image.fromarray(QUADRANTS).convert("P", palette=Image.Palette.ADAPTIVE), "PNG"), 16)
    np.testing.assert_array_equal(pixels, QUADRANTS)
    alpha = np.dstack([QUADRANTS, np.full((16, 16), 255, dtype=np.uint8)])
    alpha[8:, 8:, 3] = 0
    pixels = decode(saved(Image.fromarray(alpha), "PNG"), 16)
    assert (pixels[8:, 8:] == 255).all()
    np.testing.assert_array_equal(pixels[:8], QUADRANTS[:8])


def test_a_photograph_on_its_side_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by a quarter clockwise to view
    pixels = decode(saved(Image.fromarray(np.rot90(QUADRANTS)), "PNG", exif=exif), 16)
    np.testing.assert_array_equal(pixels, QUADRANTS)


def test_a_wide_picture_is_cropped_to_its_centre():
    wide = np.zeros((16, 48, 3), dtype=np.uint8)
    wide[:, 16:32] = QUADRANTS
    np.testing.assert_array_equal(decode(saved(Image.fromarray(wide), "PNG"), 16), QUADRANTS)


def write(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (12, 12)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def test_a_class_folder_with_splits_gives_each_picture_its_class_and_place(tmp_path):
    for part, shade in (("train", 100), ("test", 50)):
        write(tmp_path / "d" / part / "red" / "nested" / "a.PNG", (shade, 0, 0), (30, 12))
        write(tmp_path / "d" / part / "blue" / "a.bmp", (0, 0, shade))
    (tmp_path / "d" / "train" / "red" / ".DS_Store").write_bytes(b"x")
    data = load(DataSettings(source=str(tmp_path / "d")))
    assert data.class_names == ("blue", "red")
    assert data.name == "d"
    assert data.shape == (12, 12, 3)
    for split, shade in ((data.train, 100), (data.test, 50)):
        assert split.x[split.y == 1][0, 0, 0].tolist() == [shade, 0, 0]
        assert split.x[split.y == 0][0, 0, 0].tolist() == [0, 0, shade]


def test_grey_pictures_have_one_channel_and_numbered_folders_keep_their_order(tmp_path):
    for name in ("9", "10", "1"):
        for i in range(3):
            write(tmp_path / name / f"{i}.png", (int(name),) * 3, (28, 28))
    data = load(DataSettings(source=str(tmp_path)))
    assert data.shape == (28, 28, 1)
    assert data.class_names == ("1", "9", "10")
    assert [data.train.x[data.train.y == i].max() for i in range(3)] == [1, 9, 10]


def test_large_pictures_default_to_64_and_size_changes_it(tmp_path):
    for name in ("a", "b"):
        for i in range(3):
            write(tmp_path / name / f"{i}.png", (1, 2, 3), (300, 200))
    assert load(DataSettings(source=str(tmp_path))).shape == (64, 64, 3)
    assert load(DataSettings(source=str(tmp_path), size=32)).shape == (32, 32, 3)


def test_a_class_may_be_called_train(tmp_path):
    for name in ("train", "plane"):
        for i in range(3):
            write(tmp_path / name / f"{i}.png", (1, 2, 3))
    assert load(DataSettings(source=str(tmp_path))).class_names == ("plane", "train")


def test_unreadable_pictures_are_all_named(tmp_path):
    root = class_folder()(tmp_path)
    for name in ("cat/0.png", "dog/3.png"):
        (root / name).write_bytes(b"no picture")
    with pytest.raises(UnreadableError) as caught:
        load(DataSettings(source=str(root)))
    assert caught.value.failures == (("cat/0.png", "not a picture"), ("dog/3.png", "not a picture"))


def test_limit_decodes_only_what_is_kept(tmp_path):
    root = split_folder()(tmp_path)
    data = load(DataSettings(source=str(root), limit=2))
    assert len(data.train) == len(data.test) == 2


@pytest.mark.parametrize("zipped", [False, True])
def test_celeba_splits_by_its_partition_and_classes_by_its_attribute(tmp_path, zipped):
    data = load(DataSettings(source=str(celeba(zipped=zipped)(tmp_path)), size=8))
    assert data.class_names == ("not Male", "Male")
    # Partition 0 0 1 1 2 2 and attribute -1 1, both repeated over twelve pictures.
    assert data.train.y.tolist() == [0, 1] * 4
    assert data.test.y.tolist() == [0, 1] * 2
    assert data.shape == (8, 8, 3)


def test_celeba_defaults_to_64_and_takes_any_attribute(tmp_path):
    root = celeba()(tmp_path)
    rows = (root / "list_attr_celeba.txt").read_text().replace("1 -1\n", "1 1\n", 2)
    (root / "list_attr_celeba.txt").write_text(rows.replace("000005.jpg  -1 -1", "000005.jpg  -1 1"))
    data = load(DataSettings(source=str(root), attribute="Smiling"))
    assert data.class_names == ("not Smiling", "Smiling")
    assert data.shape == (64, 64, 3)


def test_celeba_is_decoded_once_and_again_when_a_picture_changes(tmp_path, own_cache, monkeypatch):
    root = celeba()(tmp_path)
    settings = DataSettings(source=str(root), size=8)
    first = np.array(load(settings).train.x)
    with monkeypatch.context() as patch:
        patch.setattr("differentia.data.pictures.decode_all", lambda *_: pytest.fail("decoded again"))
        np.testing.assert_array_equal(load(settings).train.x, first)
    Image.new("RGB", (18, 22), "white").save(root / "img_align_celeba" / "000001.jpg")
    assert (load(settings).train.x[0] == 255).all()
    assert all(path.suffix == ".raw" and path.name[0] != "." for path in (own_cache / "decoded").iterdir())


def test_an_interrupted_decoding_leaves_nothing_that_is_taken_for_whole(tmp_path, own_cache, monkeypatch):
    root = celeba()(tmp_path)
    settings = DataSettings(source=str(root), size=8)

    def interrupt(names: list[str], read: object, out: np.ndarray, fit: str, progress: bool) -> None:
        out[:3] = 9
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("differentia.data.pictures.decode_all", interrupt)
        with pytest.raises(KeyboardInterrupt):
            load(settings)
    assert list((own_cache / "decoded").iterdir()) == []
    assert (np.asarray(load(settings).train.x) != 9).any()


def test_what_a_killed_process_left_is_removed_after_a_day(tmp_path, own_cache):
    (own_cache / "decoded").mkdir(parents=True)
    old, new = (own_cache / "decoded" / f".celeba-8-{name}.1.partial.npy" for name in ("old", "new"))
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    load(DataSettings(source=str(celeba()(tmp_path)), size=8))
    assert not old.exists()
    assert new.exists()


def test_a_cut_cache_is_decoded_again(tmp_path, own_cache):
    settings = DataSettings(source=str(celeba()(tmp_path)), size=8)
    first = np.array(load(settings).train.x)
    (cached,) = (own_cache / "decoded").iterdir()
    os.truncate(cached, 500)
    np.testing.assert_array_equal(load(settings).train.x, first)


def test_a_part_of_celeba_without_test_pictures_gets_a_drawn_test_split(tmp_path):
    root = celeba()(tmp_path)
    partition = root / "list_eval_partition.txt"
    partition.write_text(partition.read_text().replace(".jpg 2", ".jpg 0"))
    data = load(DataSettings(source=str(root), size=8))
    assert len(data.train) + len(data.test) == 12
    assert set(data.test.y.tolist()) == {0, 1}


def test_celeba_is_found_by_name_in_the_cache_and_in_the_folder_of_its_authors(tmp_path, own_cache):
    with pytest.raises(DifferentiaError, match="CelebA is not here"):
        load(DataSettings(source="celeba"))
    own_cache.mkdir()
    root = celeba(zipped=True)(own_cache)
    for folder, name in (
        ("Img", "img_align_celeba.zip"),
        ("Anno", "list_attr_celeba.txt"),
        ("Eval", "list_eval_partition.txt"),
    ):
        (root / folder).mkdir()
        (root / name).rename(root / folder / name)
    assert load(DataSettings(source="celeba", size=8)).name == "celeba"


def test_a_picture_damaged_inside_the_zip_is_named(tmp_path):
    root = celeba(zipped=True)(tmp_path)
    archive = root / "img_align_celeba.zip"
    with zipfile.ZipFile(archive) as file:
        start = file.getinfo("img_align_celeba/000003.jpg").header_offset + 200
    data = bytearray(archive.read_bytes())
    data[start] ^= 255
    archive.write_bytes(data)
    with pytest.raises(UnreadableError, match=r"000003.jpg \(damaged in the zip\)"):
        load(DataSettings(source=str(root), size=8))


def test_a_misspelt_attribute_is_corrected(tmp_path):
    with pytest.raises(DifferentiaError, match=r"Did you mean Smiling\?"):
        load(DataSettings(source=str(celeba()(tmp_path)), attribute="Smilling"))


@pytest.mark.parametrize("zipped", [False, True])
def test_celeba_as_kaggle_has_it_is_read_alike(tmp_path, zipped):
    root = celeba(zipped=zipped)(tmp_path)
    published = load(DataSettings(source=str(root), size=8))
    for name, head in (("attr", "image_id,Male,Smiling"), ("eval", "image_id,partition")):
        (path,) = root.glob(f"list_{name}_*.txt")
        rows = path.read_text().splitlines()[2 if name == "attr" else 0 :]
        path.with_suffix(".csv").write_text("\n".join([head, *(",".join(row.split()) for row in rows)]))
        path.unlink()
    if not zipped:
        (root / "img_align_celeba").rename(root / "inner")
        (root / "img_align_celeba").mkdir()
        (root / "inner").rename(root / "img_align_celeba" / "img_align_celeba")
    data = load(DataSettings(source=str(root), size=8))
    np.testing.assert_array_equal(data.train.x, published.train.x)
    np.testing.assert_array_equal(data.test.y, published.test.y)
    (root / "list_attr_celeba.csv").write_text("image_id,Male\n000001.jpg,7\n")
    with pytest.raises(DifferentiaError, match=r"line 2 of .*list_attr_celeba.csv"):
        load(DataSettings(source=str(root), size=8))


def test_pictures_that_do_not_fit_the_memory_are_mapped_from_the_cache(tmp_path, own_cache, monkeypatch):
    root = class_folder()(tmp_path)
    arrays = npz()(tmp_path)
    in_memory, plain = load(DataSettings(source=str(root))), load(DataSettings(source=str(arrays)))
    monkeypatch.setattr("differentia.data.storage.free_memory", lambda: 100.0)
    mapped = load(DataSettings(source=str(root)))
    assert isinstance(mapped.train.x, np.memmap)
    np.testing.assert_array_equal(mapped.train.x, in_memory.train.x)
    assert len(list((own_cache / "decoded").glob("pets-12-*.raw"))) == 1
    np.testing.assert_array_equal(load(DataSettings(source=str(root))).test.x, in_memory.test.x)
    original = load(DataSettings(source=str(arrays)))
    assert isinstance(original.train.x, np.memmap)
    np.testing.assert_array_equal(original.train.x, plain.train.x)
    enlarged = load(DataSettings(source=str(arrays), size=16))
    assert isinstance(enlarged.train.x, np.memmap)
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=50))
    with pytest.raises(DifferentiaError, match=r"GB at this size, more than half of the free memory"):
        load(DataSettings(source=str(arrays), size=20))
