"""Samples and labels in whatever holds them, as an array: tensors, Pillow's pictures, lists of both."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from differentia.data.picture import canonical
from differentia.errors import InputError


def as_array(x: Any, name: str) -> NDArray[Any]:
    """Return what numpy reads as an array, and tensors on any device, Pillow's pictures, and lists of them.

    Grey pictures among colour ones get three channels. Tensors of pictures whose channels come first, as
    PyTorch has them, get them last. `name` is what to call `x` in messages. An InputError says that samples
    differ in shape, that some values are masked, or that a picture cannot be read.
    """
    if isinstance(x, Image.Image):
        try:
            return canonical(x)
        except ValueError as problem:
            raise InputError(
                f"{name} holds a picture that cannot be read: {problem}. Mend it or leave it out."
            ) from problem
    if hasattr(x, "detach"):
        tensor = x.detach().cpu()
        return _channels_last(np.asarray(tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor))
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise InputError(f"{name} has masked values. Fill them, or remove their samples.")
    items = x if isinstance(x, list | tuple) else _objects(x)
    of_tensors = any(hasattr(item, "detach") for item in items)
    try:
        if of_tensors or any(isinstance(item, np.ndarray | Image.Image) for item in items):
            x = _of_one_shape([as_array(item, name) for item in items])
        found = np.asarray(x)
    except ValueError as problem:
        if isinstance(problem, InputError):
            raise
        raise InputError(
            f"{name} is ragged: its samples differ in shape. Bring them to one shape."
        ) from problem
    return _channels_last(found) if of_tensors else found


def _of_one_shape(samples: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Give grey pictures among colour ones of the same size three channels."""
    shapes = {sample.shape for sample in samples}
    if len(shapes) != 2 or len({shape[:2] for shape in shapes}) != 1:
        return samples
    return [s if s.ndim == 3 else np.repeat(s[..., None], 3, axis=2) for s in samples]


def _channels_last(array: NDArray[Any]) -> NDArray[Any]:
    """Bring the channels of pictures ``[n, c, h, w]`` to the end, where that is what they must be."""
    first = array.ndim == 4 and array.shape[1] in (1, 3, 4) and array.shape[3] not in (1, 3, 4)
    return np.moveaxis(array, 1, -1) if first else array


def _objects(x: Any) -> list[Any]:
    """Return the elements of an array or a table's column that holds one object a sample."""
    is_column = getattr(x, "ndim", 0) == 1 and str(getattr(x, "dtype", "")) == "object"
    return list(x) if is_column else []
