"""Write a folder of pictures, one sub-folder a letter, from the fonts that matplotlib carries.

    python examples/letters.py letters/ && differentia train letters/ --size 28

Font, weight and size vary, and so do turn, position and grey; nothing in the presets was chosen on it.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

LETTERS = "ABEGKRSae"
EACH = 800
SIDE = 28
FONTS = sorted(
    path
    for pattern in (
        "DejaVuSans*.ttf",
        "DejaVuSerif*.ttf",
        "STIXGeneral*.ttf",
        "cmr10.ttf",
        "cmtt10.ttf",
        "cmss10.ttf",
    )
    for path in (Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob(pattern)
    if "Display" not in path.name
)


def picture(letter: str, rng: np.random.Generator) -> Image.Image:
    """Draw a letter, 28×28 grey, white on black."""
    font = ImageFont.truetype(rng.choice(FONTS), int(rng.integers(72, 100)))
    large = Image.new("L", (4 * SIDE, 4 * SIDE))
    place = 2 * SIDE + rng.uniform(-6, 6, 2)
    ImageDraw.Draw(large).text(tuple(place), letter, fill=int(rng.integers(120, 256)), font=font, anchor="mm")
    turned = large.rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC)
    return turned.resize((SIDE, SIDE), Image.Resampling.BOX)


def main(folder: Path) -> None:
    """Write `EACH` pictures of every letter."""
    rng = np.random.default_rng(0)
    for letter in LETTERS:
        # Lower case gets another name, since some file systems do not tell the two apart.
        place = folder / (letter if letter.isupper() else f"small_{letter}")
        place.mkdir(parents=True, exist_ok=True)
        for number in range(EACH):
            picture(letter, rng).save(place / f"{number:04d}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
