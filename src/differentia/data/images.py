"""Image files and arrays brought to one size."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps


def resize(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Crop images to their central square and resize them.

    Parameters
    ----------
    images : ndarray
        uint8 ``[n, h, w, c]`` with 1 or 3 channels.
    size : int
        Height and width of the result in pixels.

    Returns
    -------
    ndarray
        uint8 ``[n, size, size, c]``; `images` itself when they have that size.
    """
    if images.shape[1:3] == (size, size):
        return images
    out = np.empty((len(images), size, size, images.shape[3]), dtype=np.uint8)
    for image, place in zip(images, out, strict=True):
        picture = Image.fromarray(image.squeeze(2) if image.shape[2] == 1 else image)
        place[:] = np.asarray(fit(picture, size)).reshape(place.shape)
    return out


def fit(picture: Image.Image, size: int) -> Image.Image:
    """Crop a picture to its central square and resize it, anti-aliased (bicubic), to `size` pixels a side."""
    return ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
