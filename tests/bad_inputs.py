"""Data that no command may accept: each entry writes one kind of it and returns its path.

Used by the tests of `differentia data check` and of `differentia train`.
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Maker = Callable[[Path], Path]


def images(n: int = 20, shape: tuple[int, ...] = (12, 12)) -> np.ndarray:
    """Draw `n` images of noise, uint8, the same ones each time."""
    return np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)


def labels(n: int = 20) -> np.ndarray:
    """Give `n` labels of two classes."""
    return np.arange(n) % 2


def npz(**changes: object) -> Maker:
    """Write good arrays x and y with `changes`; None leaves an array out."""

    def make(folder: Path) -> Path:
        arrays = {"x": images(), "y": labels()} | changes
        np.savez(folder / "data.npz", **{name: a for name, a in arrays.items() if a is not None})
        return folder / "data.npz"

    return make


def with_value(value: float, where: tuple[int, ...] = (3, 2, 1)) -> np.ndarray:
    """Float images in [0, 1], one pixel of which has `value`."""
    x = images() / 255.0
    x[where] = value
    return x


def content(name: str, data: bytes) -> Maker:
    """Write a file of these bytes."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def damaged(change: Callable[[bytes], bytes]) -> Maker:
    """Write a good .npz and change its bytes."""

    def make(folder: Path) -> Path:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, x=images(), y=labels())
        return content("data.npz", change(buffer.getvalue()))(folder)

    return make


def _flip_middle(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(255 - b for b in data[middle : middle + 64]) + data[middle + 64 :]


def _huge_header(folder: Path) -> Path:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 10**4, 10**4)}
    )
    with zipfile.ZipFile(folder / "data.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue())
        labels_file = io.BytesIO()
        np.save(labels_file, labels())
        archive.writestr("y.npy", labels_file.getvalue())
    return folder / "data.npz"


def _not_npy(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "data.npz", "w") as archive:
        archive.writestr("x", b"some text")
        archive.writestr("y", b"some text")
    return folder / "data.npz"


def pictures(folder: Path, n: int = 4, **kinds: object) -> Path:
    """Write `n` pictures into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images(n, (12, 12, 3))):
        Image.fromarray(image).save(folder / f"{i}.png")
    return folder


def class_folder(*changes: Callable[[Path], object]) -> Maker:
    """Write a good class folder (cat and dog) and change it."""

    def make(folder: Path) -> Path:
        root = folder / "pets"
        pictures(root / "cat")
        pictures(root / "dog")
        for change in changes:
            change(root)
        return root

    return make


def split_folder(*changes: Callable[[Path], object]) -> Maker:
    """Write a good class folder with train/ and test/ and change it."""

    def make(folder: Path) -> Path:
        root = folder / "pets"
        for part in ("train", "test"):
            pictures(root / part / "cat")
            pictures(root / part / "dog")
        for change in changes:
            change(root)
        return root

    return make


def empty(name: str) -> Callable[[Path], None]:
    """Remove every file of a folder."""

    def change(root: Path) -> None:
        for file in (root / name).iterdir():
            file.unlink()

    return change


def remove(name: str) -> Callable[[Path], None]:
    """Remove a folder with its files."""

    def change(root: Path) -> None:
        empty(name)(root)
        (root / name).rmdir()

    return change


def write(name: str, data: bytes) -> Callable[[Path], None]:
    """Write a file."""

    def change(root: Path) -> None:
        (root / name).write_bytes(data)

    return change


def cut(name: str) -> Callable[[Path], None]:
    """Cut a file to half its length."""

    def change(root: Path) -> None:
        data = (root / name).read_bytes()
        (root / name).write_bytes(data[: len(data) // 2])

    return change


def _float_tiff(root: Path) -> None:
    Image.fromarray(np.full((12, 12), 7.5, dtype=np.float32)).save(root / "dog" / "x.tiff")


def celeba(*changes: Callable[[Path], object], zipped: bool = False) -> Maker:
    """Write twelve pictures of noise in CelebA's official layout and change something."""

    def make(folder: Path) -> Path:
        root = folder / "celeba"
        (root / "img_align_celeba").mkdir(parents=True)
        names = [f"{i:06}.jpg" for i in range(1, 13)]
        for name, image in zip(names, images(12, (22, 18, 3)), strict=True):
            Image.fromarray(image).save(root / "img_align_celeba" / name)
        rows = "".join(f"{name}  {1 if i % 2 else -1} -1\n" for i, name in enumerate(names))
        (root / "list_attr_celeba.txt").write_text(f"12\nMale Smiling\n{rows}")
        (root / "list_eval_partition.txt").write_text(
            "".join(f"{name} {(0, 0, 1, 1, 2, 2)[i % 6]}\n" for i, name in enumerate(names))
        )
        if zipped:
            with zipfile.ZipFile(root / "img_align_celeba.zip", "w") as archive:
                for name in names:
                    archive.write(root / "img_align_celeba" / name, f"img_align_celeba/{name}")
            remove("img_align_celeba")(root)
        for change in changes:
            change(root)
        return root

    return make


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace text in a file."""

    def change(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))

    return change


def unlink(name: str) -> Callable[[Path], None]:
    """Remove a file."""
    return lambda root: (root / name).unlink()


BAD_INPUTS: list[tuple[str, Maker]] = [
    ("no such path", lambda folder: folder / "nowhere"),
    ("text file", content("data.csv", b"x,y\n1,2\n")),
    ("lone npy", content("data.npy", b"\x93NUMPY")),
    ("empty npz", content("data.npz", b"")),
    ("npz of noise", content("data.npz", bytes(range(256)) * 8)),
    ("npz that is text", content("data.npz", b"hello")),
    ("npz cut short", damaged(lambda data: data[: len(data) // 2])),
    ("npz without its last byte", damaged(lambda data: data[:-1])),
    ("npz with flipped bits", damaged(_flip_middle)),
    ("npz with an impossible shape", _huge_header),
    ("npz of text files", _not_npy),
    ("no x", npz(x=None)),
    ("no y", npz(y=None)),
    ("x of objects", npz(x=np.array([{}] * 20, dtype=object))),
    ("y of objects", npz(y=np.array(["a", 1] * 10, dtype=object))),
    ("x of text", npz(x=np.array(["a"] * 20))),
    ("complex x", npz(x=images().astype(complex))),
    ("dates as x", npz(x=np.zeros((20, 3), dtype="datetime64[s]"))),
    ("x a number", npz(x=np.float64(3))),
    ("x one-dimensional", npz(x=np.arange(20.0))),
    ("x five-dimensional", npz(x=np.zeros((20, 2, 2, 2, 2)))),
    ("no samples", npz(x=np.zeros((0, 12, 12)), y=np.zeros(0, dtype=int))),
    ("images without pixels", npz(x=np.zeros((20, 0, 12)))),
    ("vectors without features", npz(x=np.zeros((20, 0)))),
    ("NaN in images", npz(x=with_value(np.nan))),
    ("infinity in images", npz(x=with_value(np.inf))),
    ("NaN in vectors", npz(x=np.full((20, 3), np.nan))),
    ("vectors beyond float32", npz(x=np.full((20, 3), 1e300))),
    ("floats to 255", npz(x=images().astype(float))),
    ("floats from -1", npz(x=images() / 127.5 - 1)),
    ("16-bit whole numbers", npz(x=images().astype(np.uint16) * 200)),
    ("negative whole numbers", npz(x=images().astype(np.int16) - 20)),
    ("zeros and ones as whole numbers", npz(x=images() // 128)),
    ("two channels", npz(x=images(20, (12, 12, 2)))),
    ("channels first", npz(x=images(20, (3, 12, 12)))),
    ("images too small", npz(x=images(20, (4, 4)))),
    ("images too large", npz(x=images(4, (600, 600)), y=labels(4))),
    ("more samples than labels", npz(y=labels(19))),
    ("fewer samples than labels", npz(y=labels(21))),
    ("labels with two classes a sample", npz(y=np.ones((20, 2)))),
    ("scores as labels", npz(y=np.full((20, 2), 0.5))),
    ("text that stands for NaN among labels", npz(y=np.array(["cat", "nan"] * 10))),
    ("empty text among labels", npz(y=np.array(["cat", ""] * 10))),
    ("a fourth band that is no alpha", npz(x=images(20, (12, 12, 4)))),
    ("labels in a cube", npz(y=np.zeros((20, 1, 1)))),
    ("label a number", npz(y=np.int64(1))),
    ("NaN label", npz(y=np.where(labels() == 1, np.nan, 0.0))),
    ("labels that are no whole numbers", npz(y=np.linspace(0, 1, 20))),
    ("labels beyond whole numbers", npz(y=np.where(labels() == 1, 1e300, 0.0))),
    ("bytes that are not text", npz(y=np.array([b"\xff", b"a"] * 10))),
    ("dates as labels", npz(y=np.zeros(20, dtype="datetime64[s]"))),
    ("complex labels", npz(y=labels() * 1j)),
    ("one class", npz(y=np.zeros(20, dtype=int))),
    ("a class with one sample", npz(y=np.array([0] * 19 + [1]))),
    ("every label different", npz(y=np.arange(20))),
    ("x_test without y_test", npz(x_test=images())),
    ("y_test without x_test", npz(y_test=labels())),
    ("test images of another shape", npz(x_test=images(20, (10, 12)), y_test=labels())),
    ("test vectors for images", npz(x_test=np.zeros((20, 144)), y_test=labels())),
    ("fewer test samples than labels", npz(x_test=images(10), y_test=labels())),
    ("empty test split", npz(x_test=images(0), y_test=labels(0))),
    ("NaN in the test images", npz(x_test=with_value(np.nan), y_test=labels())),
    ("test class unknown to training", npz(x_test=images(), y_test=labels() + 1)),
    ("class without a test sample", npz(x_test=images(), y_test=np.zeros(20, dtype=int))),
    ("test labels of another kind", npz(x_test=images(), y_test=np.array(["0", "1"] * 10))),
    ("too few class names", npz(class_names=np.array(["a"]))),
    ("too many class names", npz(class_names=np.array(["a", "b", "c"]))),
    ("class names twice", npz(class_names=np.array(["a", "a"]))),
    ("class names in other bytes", npz(class_names=np.array([b"\xe9", b"a"]))),
    ("class names that are numbers", npz(class_names=np.array([1, 2]))),
    ("class names in a table", npz(class_names=np.array([["a", "b"]]))),
    ("label that class names lack", npz(y=np.array(["a", "c"] * 10), class_names=np.array(["a", "b"]))),
    ("empty folder", lambda folder: folder),
    ("pictures without class folders", pictures),
    ("one class folder", class_folder(remove("dog"))),
    ("empty class folder", class_folder(empty("dog"))),
    ("class folder without pictures", class_folder(empty("dog"), write("dog/notes.txt", b"no picture"))),
    ("a class with one picture", class_folder(empty("dog"), lambda root: pictures(root / "dog", 1))),
    ("pictures beside class folders", class_folder(pictures)),
    ("picture that is text", class_folder(write("dog/0.png", b"no picture"))),
    ("empty picture", class_folder(write("dog/0.png", b""))),
    ("picture cut short", class_folder(cut("dog/0.png"))),
    ("floats without a range in a picture", class_folder(_float_tiff)),
    (
        "train without class folders",
        class_folder(remove("cat"), remove("dog"), lambda r: pictures(r / "train")),
    ),
    ("test without train", lambda folder: pictures(folder / "test" / "cat").parents[1]),
    ("test class unknown to train", split_folder(lambda root: pictures(root / "test" / "cow"))),
    ("test folder without a class", split_folder(remove("test/dog"))),
    ("train folder without a class", split_folder(remove("train/dog"))),
    ("folder beside train and test", split_folder(lambda root: pictures(root / "spare" / "cat"))),
    ("CelebA without pictures", celeba(remove("img_align_celeba"))),
    ("CelebA without attributes", celeba(unlink("list_attr_celeba.txt"))),
    ("CelebA without partition", celeba(unlink("list_eval_partition.txt"))),
    ("CelebA without the attribute", celeba(replace("list_attr_celeba.txt", "Male", "Mail"))),
    (
        "CelebA with an attribute line cut",
        celeba(replace("list_attr_celeba.txt", "000003.jpg  -1 -1", "000003.jpg")),
    ),
    (
        "CelebA with an attribute of 2",
        celeba(replace("list_attr_celeba.txt", "000003.jpg  -1", "000003.jpg  2")),
    ),
    ("CelebA with an empty attribute list", celeba(write("list_attr_celeba.txt", b""))),
    ("CelebA with a binary attribute list", celeba(write("list_attr_celeba.txt", b"\xff\xfe\x00\xd8"))),
    ("CelebA with partition 3", celeba(replace("list_eval_partition.txt", "000003.jpg 1", "000003.jpg 3"))),
    (
        "CelebA with a partition line cut",
        celeba(replace("list_eval_partition.txt", "000003.jpg 1", "000003.jpg")),
    ),
    ("CelebA whose pictures are not listed", celeba(replace("list_attr_celeba.txt", ".jpg", ".png"))),
    ("CelebA with one class", celeba(replace("list_attr_celeba.txt", "jpg  1", "jpg  -1"))),
    ("CelebA with a broken picture", celeba(cut("img_align_celeba/000003.jpg"))),
    ("CelebA with a broken zip", celeba(cut("img_align_celeba.zip"), zipped=True)),
]
"""What it is, and a function that writes it into an empty folder and returns the path to give."""
