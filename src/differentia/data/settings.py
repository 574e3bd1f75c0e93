"""Which data to read and how: the part of the settings that names a data set."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class DataSettings(BaseModel):
    """A data set by name or path, and how it is turned into arrays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(
        description="A name (mnist, fashion-mnist, celeba, digits, kinds), or the path of a class folder "
        "or an .npz file."
    )
    size: int | None = Field(
        None,
        ge=8,
        le=512,
        description="Height and width in pixels; null keeps a named set's own size and takes the most "
        "common size of a class folder, at most 64.",
    )
    fit: Literal["crop", "pad", "stretch"] = Field(
        "crop",
        description="How pictures that are not square become square: their central square; a border of "
        "the colour of their edge; or distorted.",
    )
    skip_broken: bool = Field(False, description="Leave out pictures that cannot be read, and list them.")
    attribute: str = Field("Male", description="CelebA attribute that serves as the class.")
    test_fraction: float = Field(
        0.2, gt=0, lt=1, description="Part drawn as test split, stratified, where the data brings none."
    )
    certify_fraction: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Part of the training samples that is set aside for certificates, at random: nothing is "
        "trained on it, nothing measured, and so nothing chosen by it.",
    )
    split_seed: int = Field(0, ge=0, description="Seed of these draws, and of the rendering of kinds.")
    limit: int | None = Field(
        None,
        ge=2,
        description="Keep at most this many training samples (and as many test samples), stratified.",
    )
