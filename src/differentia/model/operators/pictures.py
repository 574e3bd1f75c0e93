"""The operator of pictures: an affine warp, then a change of tone, the same for a picture of any class."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from differentia.images.transformations import in_float32
from differentia.model.operators.base import Generator, Operator

_WARPS = (
    Generator("x", 0.15, "pixels across"),  # right
    Generator("y", 0.15, "pixels down"),
    Generator("size", 0.15, "factor"),
    Generator("rotation", 0.25, "degrees"),  # clockwise
    Generator("width", 0.15, "factor"),
    Generator("slant", 0.15, "degrees"),  # to the right
)
_TONES = (
    Generator("brightness", 0.3, "factor"),
    Generator("contrast", 0.3, "factor"),  # of the logits
    Generator("midtones", 0.8, "logits"),
)
_COLOURS = (
    Generator("warmth", 0.5, "logits"),  # red up, blue down
    Generator("green", 0.5, "logits"),  # green up, red and blue down
)

_FAINTEST = 1e-3
"""Least and, from 1, greatest value whose logit is taken."""


class PictureOperator(Operator):
    """Warp and tone of pictures ``[b, channels, height, width]`` in [0, 1].

    The warp is the exponential of a matrix in the span of six affine generators about the picture's centre:
    exact, and undone by the exponential of its negative, but for what leaves the frame and for the
    interpolation. The tone is affine in the logits of the pixels (contrast multiplies them; midtones and, of
    colour pictures, two balances of colour are added), then a factor of brightness: undone exactly, but for
    values beyond 0.001 and 0.999.

    Parameters
    ----------
    shape : sequence of int
        Channels, height and width.
    dim : int or None
        How many generators, from the first; None for all.
    """

    warps: Tensor
    balances: Tensor

    def __init__(self, shape: Sequence[int], dim: int | None = None) -> None:
        self.depth, self.height, self.breadth = shape
        family = _WARPS + _TONES + (_COLOURS if self.depth == 3 else ())
        if dim is not None and dim > len(family):
            raise ValueError(
                f"its pictures have {len(family)} generators; use z_dim of at most {len(family)}"
            )
        super().__init__(family[:dim])
        self._all = len(family)
        self.register_buffer("warps", _affine_generators(self.height, self.breadth), persistent=False)
        colours = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-0.5, 1.0, -0.5]])
        balances = colours if self.depth == 3 else torch.ones(1, self.depth)
        self.register_buffer("balances", balances, persistent=False)

    @in_float32
    def forward(self, x: Tensor, strengths: Tensor) -> Tensor:
        """Return the changed pictures; bright ones may exceed 1."""
        strengths = self._whole(strengths)
        x = self._warped(x, -strengths)  # the pixel at p is taken from T⁻¹ p
        factor, contrast, added = self._tone(strengths)
        return torch.sigmoid(torch.logit(x, _FAINTEST) * contrast + added) * factor

    @in_float32
    def undo(self, x: Tensor, strengths: Tensor) -> Tensor:
        """Return the pictures that `forward` made `x` from."""
        strengths = self._whole(strengths)
        factor, contrast, added = self._tone(strengths)
        x = torch.sigmoid((torch.logit(x / factor, _FAINTEST) - added) / contrast)
        return self._warped(x, strengths)

    def _whole(self, strengths: Tensor) -> Tensor:
        """Append zeros for the generators that are left out."""
        return F.pad(strengths, (0, self._all - strengths.shape[1]))

    def _warped(self, x: Tensor, strengths: Tensor) -> Tensor:
        """Take the pixel at p from exp(Σ θ G) p."""
        algebra = torch.einsum("bk,kij->bij", strengths[:, : len(_WARPS)], self.warps)
        matrix = torch.matrix_exp(algebra)[:, :2]
        # A training that diverges asks for pixels at NaN, and grid_sample then reads outside of the picture.
        places = F.affine_grid(matrix, list(x.shape), align_corners=False).nan_to_num(0.0)
        return F.grid_sample(x, places, padding_mode="border", align_corners=False)

    def _tone(self, strengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return brightness, the factor of the logits, and what is added to these, of each picture."""
        brightness, contrast, balances = strengths[:, len(_WARPS) :].tensor_split([1, 2], dim=1)
        parts = (brightness.exp(), contrast.exp(), balances @ self.balances)
        brightness, contrast, added = (part[:, :, None, None] for part in parts)
        return brightness, contrast, added

    def _in_words(self, generator: Generator, amount: float) -> str:
        match generator.unit:
            case "pixels across":
                return f"{amount * self.breadth / 2:.1f} px"
            case "pixels down":
                return f"{amount * self.height / 2:.1f} px"
            case "degrees":
                return f"{math.degrees(amount):.0f}°"
            case "logits":
                return f"{amount:.2f}"
            case _:
                return f"{100 * math.expm1(amount):.0f} %"


def _affine_generators(height: int, breadth: int) -> Tensor:
    """Return the six generators, ``[6, 3, 3]``, in coordinates from −1 to 1, in which y points down."""
    found = torch.zeros(len(_WARPS), 3, 3)
    x, y, size, rotation, width, slant = found
    x[0, 2] = y[1, 2] = 1.0
    size[0, 0] = size[1, 1] = width[0, 0] = 1.0
    # A turn of a frame that is not square goes by pixels and not by halves of the frame.
    rotation[0, 1], rotation[1, 0] = -height / breadth, breadth / height
    slant[0, 1] = -height / breadth
    return found
