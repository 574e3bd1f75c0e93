"""The architecture of a model, as one validated model of settings."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from differentia.measurements.morphometry import MEASUREMENTS
from differentia.models.layers import Activation
from differentia.models.transformations import Transformation, directions


class ModelSettings(BaseModel):
    """The architecture. See the fields' descriptions; ``docs/method.md`` holds the reasons."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: Literal["mlp", "conv"] = Field("mlp", description="Kind of encoder trunk and decoder.")
    z_dim: int = Field(10, ge=1, le=1024, description="|z|, dimensions of the generic code.")
    w_dim: int = Field(
        10, ge=0, le=1024, description="|w|, dimensions of the conditional code; 0 gives the naive model."
    )
    remainder_dim: int = Field(
        0,
        ge=0,
        description="The last so many dimensions of w, which `differentia refine` adds: they hold what z and "
        "w left over.",
    )
    remainder_moves: bool = Field(
        True,
        description="What the remainder draws is moved by the transformations that z does, rather than "
        "added to the moved picture.",
    )
    hidden: list[int] = Field(
        [512, 256], min_length=1, description="Widths of the MLP trunk; conv uses the last one only."
    )
    channels: list[int] = Field(
        [32, 64], min_length=1, description="Channels of the stride-2 convolutions; mlp does not use them."
    )
    activation: Activation = Field("relu", description="Activation between layers.")
    generic: list[Transformation] = Field(
        [],
        description="Transformations that are declared generic, for images: any of shift, scale, stretch, "
        "rotate, shear, brightness, midtones, contrast, thickness, blur. The first dimensions of z follow "
        "them; [] declares none.",
    )
    measured: list[str] = Field(
        [],
        description="Measurements that are declared generic, for images: any of "
        + ", ".join(MEASUREMENTS)
        + ". The dimensions of z after those of the transformations tell how much a sample has of each "
        "compared with others of its class; [] declares none.",
    )
    z_sees_y: bool = Field(False, description="q(z | x, y) rather than q(z | x).")
    decoder_sees_y: bool = Field(True, description="p(x | z, w, y) rather than p(x | z, w).")
    shared_variance: bool = Field(
        False, description="One learnt variance a dimension of z for all inputs, closing that channel to y."
    )
    resolution: float = Field(
        0.0,
        ge=0,
        le=10,
        description="Means of z are rounded to multiples of this many standard deviations, so that no detail "
        "below the noise is left for a probe to read; 0 does not round.",
    )
    rounding_start: float = Field(
        0.5, ge=0, le=1, description="Part of the training after which the means of z are rounded."
    )
    likelihood: Literal["bernoulli", "gaussian"] = Field(
        "bernoulli", description="Likelihood of a pixel or feature; vectors need gaussian."
    )
    scale: float | None = Field(
        None, gt=0, description="Standard deviation of the Gaussian likelihood; null learns it."
    )

    @property
    def own_w_dim(self) -> int:
        """Dimensions of w without the remainder's."""
        return self.w_dim - self.remainder_dim

    @model_validator(mode="after")
    def _widths(self) -> "ModelSettings":
        if min(*self.hidden, *self.channels, 1) < 1:
            raise ValueError("hidden and channels must be positive")
        if self.remainder_dim and self.remainder_dim >= self.w_dim:
            raise ValueError("remainder_dim must leave at least one dimension of w to the teacher's")
        if len(set(self.generic)) < len(self.generic):
            raise ValueError("generic names a transformation twice")
        unknown = [name for name in self.measured if name not in MEASUREMENTS]
        if unknown:
            raise ValueError(f"there is no measurement '{unknown[0]}'; choose of {', '.join(MEASUREMENTS)}")
        if len(set(self.measured)) < len(self.measured):
            raise ValueError("measured names a measurement twice")
        needed = len(directions(self.generic)) + len(self.measured)
        if needed > self.z_dim:
            raise ValueError(f"what is declared generic needs z_dim of at least {needed}; declare less")
        if needed and not self.w_dim:
            raise ValueError("what is declared generic needs w (w_dim above 0); declare nothing")
        return self
