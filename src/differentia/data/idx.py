"""The idx format of MNIST: two zero bytes, the type, the number of axes, their lengths, the numbers."""

import numpy as np
from numpy.typing import NDArray


def read_idx(content: bytes) -> NDArray[np.uint8]:
    """Decode an idx file of unsigned bytes.

    Parameters
    ----------
    content : bytes
        The uncompressed file.

    Returns
    -------
    ndarray
        uint8, with the axes that the file declares.

    Raises
    ------
    ValueError
        If the header is not one of unsigned bytes or the length does not fit it.
    """
    if content[:3] != b"\0\0\x08":
        raise ValueError("not an idx file of unsigned bytes")
    axes = content[3]
    shape = np.frombuffer(content, dtype=">u4", count=axes, offset=4).astype(int)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape).copy()
