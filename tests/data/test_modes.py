"""Every mode and depth that Pillow reads becomes what a person sees, and depth is scaled once for the set."""

import io

import numpy as np
import pytest
from PIL import Image

from differentia.data.images import Decoding, UnreadableError, decode_all
from differentia.data.picture import BANDS, EXIF, FRAMES, canonical, decode
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def read(*contents: bytes, size: int = 16) -> tuple[np.ndarray, Decoding]:
    """Decode a set of pictures to ``[n, size, size, 3]``."""
    out = np.zeros((len(contents), size, size, 3), dtype=np.uint8)
    names = [str(i) for i in range(len(contents))]
    return out, decode_all(names, lambda name: contents[int(name)], out)


WHOLE = [("PNG", "<u2"), ("TIFF", "<u2"), ("TIFF", "<i4")]


@pytest.mark.parametrize(
    ("form", "dtype", "top"),
    [(*kind, top) for kind in WHOLE for top in (65535, 4095, 1023)]
    + [("TIFF", "<f4", top) for top in (65535, 1.0, 7.5)],
)
def test_deep_pictures_are_scaled_once_by_the_range_of_the_set(form, dtype, top):
    values = np.linspace(0, top, 256).reshape(16, 16)
    ramp, half = (
        v.astype(dtype) if dtype == "<f4" else np.rint(v).astype(dtype) for v in (values, values / 2)
    )
    pixels, found = read(saved(Image.fromarray(half), form), saved(Image.fromarray(ramp), form))
    assert np.abs(pixels[1, ..., 0].astype(int) - RAMP).max() <= 1
    assert np.abs(pixels[0, ..., 0].astype(int) - RAMP / 2).max() <= 1
    assert (pixels[..., :1] == pixels[..., 1:]).all()
    (kind,) = found.levels
    assert found.levels[kind] == pytest.approx((0, top))
    assert "is shown as black" in found.notes[0]


def test_signed_and_offset_numbers_keep_their_steps():
    values = np.linspace(-1000, 3000, 256).reshape(16, 16).astype(np.int32)
    pixels, _ = read(saved(Image.fromarray(values), "TIFF"))
    assert len(np.unique(pixels)) == 256


def test_a_picture_with_one_value_is_black_among_others_and_alone():
    flat = saved(Image.fromarray(np.zeros((16, 16), np.uint16)), "PNG")
    assert read(flat)[0].max() == 0


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB"])
def test_modes_of_8_bits_are_read_as_what_they_are(mode):
    half = Image.new("RGB", (16, 16), "white")
    half.paste("black", (0, 0, 8, 16))
    picture = half.convert("L").convert("1") if mode == "1" else half
    if mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        picture = ImageCms.profileToProfile(half, *profiles, outputMode="LAB")
    elif mode not in ("1", "RGB"):
        picture = half.convert(mode)
    pixels, _ = read(saved(picture, "TIFF"))
    assert pixels[0, :, :7].max() <= 3
    assert pixels[0, :, 9:].min() >= 252


@pytest.mark.parametrize("mode", ["LA", "PA", "RGBA"])
def test_alpha_is_laid_over_white(mode):
    clear = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    form = "TIFF" if mode == "PA" else "PNG"
    assert (read(saved(clear.convert(mode), form))[0] == 255).all()


def test_a_fourth_band_of_a_tiff_is_not_taken_for_alpha():
    bands = Image.fromarray(np.full((16, 16, 4), (128, 128, 128, 30), dtype=np.uint8))
    content = bytearray(saved(bands, "TIFF"))
    # The tag 338 with the value 2 says alpha; a picture with an infrared band has 0, or no such tag.
    place = content.index((338).to_bytes(2, "little"))
    content[place + 8] = 0
    pixels, found = read(bytes(content))
    assert (pixels == 128).all()
    assert found.remarks == {BANDS: 1}


@pytest.mark.parametrize("form", ["TIFF", "PNG", "WEBP"])
def test_a_fourth_band_that_is_neither_clear_nor_opaque_is_no_alpha(form):
    bands = Image.fromarray(np.full((16, 16, 4), (128, 128, 128, 30), dtype=np.uint8))
    options = {"lossless": True} if form == "WEBP" else {}
    pixels, found = read(saved(bands, form, **options))
    assert (pixels == 128).all()
    assert found.remarks == {BANDS: 1}


def test_of_several_frames_the_first_is_read():
    first, second = (Image.fromarray(np.full((16, 16), shade, np.uint8)) for shade in (10, 200))
    for form in ("GIF", "TIFF", "WEBP"):
        options = {"lossless": True} if form == "WEBP" else {}
        found = decode(saved(first, form, save_all=True, append_images=[second], **options), 16)
        assert found.remarks == (FRAMES,)
        assert found.pixels is not None
        assert (found.pixels == 10).all()


def test_a_bad_exif_chunk_leaves_the_picture_as_it_lies():
    for exif in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0not exif at all", b"\0"):
        pixels, found = read(saved(Image.fromarray(RAMP), "PNG", exif=exif))
        assert (pixels[0, ..., 0] == RAMP).all()
        assert set(found.remarks) <= {EXIF}


def test_nan_and_a_lone_value_are_refused():
    nan = saved(Image.fromarray(np.full((16, 16), np.nan, np.float32)), "TIFF")
    with pytest.raises(UnreadableError, match="NaN or infinity among its floats"):
        read(nan)
    with pytest.raises(DifferentiaError, match=r"are all 7\.5"):
        read(saved(Image.fromarray(np.full((16, 16), 7.5, np.float32)), "TIFF"))


@pytest.mark.parametrize(("fit", "left"), [("crop", 255), ("pad", 9), ("stretch", 0)])
def test_a_long_picture_becomes_square_as_asked(fit, left):
    wide = np.full((16, 48), 9, dtype=np.uint8)
    wide[4:12, :16], wide[4:12, 16:32], wide[4:12, 32:] = 0, 255, 0
    found = decode(saved(Image.fromarray(wide), "PNG"), 48, fit)
    assert found.pixels is not None
    row = found.pixels[24, :, 0].astype(int)
    assert abs(row[2] - {"crop": 255, "pad": 0, "stretch": 0}[fit]) < 9
    assert abs(found.pixels[2, 24, 0].astype(int) - 9) < 9 or fit != "pad"


def test_skip_broken_leaves_out_what_cannot_be_read_and_lists_it(tmp_path):
    from differentia.data.catalogue import load

    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for i in range(6):
            Image.fromarray(np.roll(RAMP, i)).save(tmp_path / name / f"{i}.png")
    (tmp_path / "cat" / "3.png").write_bytes(b"no picture")
    (tmp_path / "dog" / "5.png").write_bytes(b"")
    with pytest.raises(UnreadableError):
        load(DataSettings(source=str(tmp_path)))
    data = load(DataSettings(source=str(tmp_path), skip_broken=True))
    assert len(data.train) + len(data.test) == 10
    for i in range(6):
        (tmp_path / "dog" / f"{i}.png").write_bytes(b"no picture")
    with pytest.raises(DifferentiaError, match=r"without the 7 pictures that cannot be read, such as cat/3"):
        load(DataSettings(source=str(tmp_path), skip_broken=True))
    assert "2 pictures left out, which cannot be read: cat/3.png (not a picture), dog/5.png" in data.notes[-1]


def test_pillow_pictures_become_canonical_arrays():
    assert canonical(Image.fromarray(RAMP)).shape == (16, 16)
    assert canonical(Image.new("CMYK", (4, 5))).shape == (5, 4, 3)
    assert canonical(Image.new("I;16", (4, 5))).dtype.kind == "u"
