"""Every choice that the report's objective leaves open, as one validated model."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class CapacitySettings(BaseModel):
    """The price of the KL terms (eqs. 1 and 4)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["beta", "absolute", "constrained"] = Field(
        "constrained",
        description="beta: β·KL, the β-VAE. absolute: β·|KL − C| as printed in eq. 4. constrained: KL held "
        "at C by a dual variable.",
    )
    z: float = Field(15.0, ge=0, description="C_z at the end of the growth, nats.")
    w: float = Field(25.0, ge=0, description="C_w at the end of the growth, nats.")
    growth: float = Field(
        0.5, ge=0, le=1, description="Part of the training over which C grows from 0; 0: starts at maximum."
    )
    beta: float = Field(100.0, ge=0, description="β, price of KL_z in the modes beta and absolute.")
    gamma: float = Field(100.0, ge=0, description="γ, price of KL_w in the modes beta and absolute.")
    dual_rate: float = Field(
        0.01, gt=0, le=1, description="constrained: change of the multiplier a step and nat of violation."
    )
    damping: float = Field(
        0.1, ge=0, description="constrained: ρ, what a nat of violation adds to the price at once."
    )
    least_price: float = Field(
        0.0,
        ge=-100,
        le=1,
        description="constrained: least price of a nat. 0 is a one-sided cap; above 0 a nat costs something "
        "below C too, which keeps every class's codes near the prior; below 0 KL is also pulled up to C.",
    )
    greatest_price: float = Field(50.0, gt=1, description="constrained: greatest multiplier.")


class ClassLossSettings(BaseModel):
    """The class loss (eq. 5) and the two-step game played with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    form: Literal["binary", "softmax"] = Field(
        "softmax",
        description="binary: eq. 5, a binary cross-entropy a class. softmax: one cross-entropy over classes.",
    )
    shared: bool = Field(False, description="One classifier for z and w, as in the report, or one each.")
    critic_reads: Literal["z", "w", "both"] = Field(
        "both", description="Codes on which step 2 trains the classifier."
    )
    critic_goal: Literal["right", "wrong"] = Field(
        "right", description="Step 2 minimises the loss; wrong maximises it, as the published code does."
    )
    z_weight: float = Field(20.0, ge=0, description="Weight in step 1 of misleading the classifier about z.")
    z_target: Literal["ascent", "bounded", "prior"] = Field(
        "bounded",
        description="ascent: maximise the loss on z, as in the report. bounded: the same up to one nat above "
        "H(y), what knowing nothing costs. prior: bring the answer to the class frequencies p(y).",
    )
    w_weight: float = Field(
        5.0, ge=0, description="Weight in step 1 of the loss on w; 0: no class gradient to w's encoder."
    )
    swap_weight: float = Field(
        0.0,
        ge=0,
        description="Weight in step 1 of the loss of a classifier of samples on swaps, decoded from z of one "
        "sample and w and class of another; step 2 trains it on the data alone. 0: no such classifier.",
    )
    warmup: float = Field(
        0.0, ge=0, le=1, description="Part of the training over which z_weight grows linearly from 0."
    )
    noise_levels: list[float] = Field(
        [1.0],
        min_length=1,
        description="The classifier of z reads μ + t·σ·ε for each t; 1 is a posterior sample, 0 its mean.",
    )
    critic_steps: int = Field(1, ge=1, le=50, description="Step 2 updates a batch.")
    hidden: list[int] = Field([256, 256], description="Hidden widths of the classifier; [] is a linear one.")
    learning_rate: float = Field(1e-3, gt=0, description="Adam's learning rate in step 2.")
    schedule: Literal["constant", "cosine"] = Field(
        "constant",
        description="Step 2's learning rate over the training; cosine ends at a hundredth. At a constant one "
        "the classifiers keep up with a model that slows down.",
    )

    @model_validator(mode="after")
    def _possible(self) -> "ClassLossSettings":
        if min(self.noise_levels) < 0:
            raise ValueError("noise_levels must not be negative")
        if not self.shared and self.z_weight > 0 and self.critic_reads == "w":
            raise ValueError("z_weight needs a classifier of z: set critic_reads to z or both, or shared")
        if not self.shared and self.w_weight > 0 and self.critic_reads == "z":
            raise ValueError("w_weight needs a classifier of w: set critic_reads to w or both, or shared")
        return self


class GenericSettings(BaseModel):
    """How strongly z and w are held to what is declared generic (`model.generic`, `model.measured`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    equivariance_weight: float = Field(
        1.0, ge=0, description="Weight of what a transformation fails to move in z, or moves beside, nats."
    )
    invariance_weight: float = Field(
        1.0, ge=0, description="Weight of what a transformation moves in w, nats."
    )
    standing_weight: float = Field(
        50.0, ge=0, description="Weight of what z misses of the declared measurements, nats."
    )
    discrepancy_weight: float = Field(
        0.0, ge=0, description="Weight of how far a class is from standing in z as the others do."
    )
    told_weight: float = Field(
        5.0, ge=0, description="Weight of what w tells of the declared measurements, a sum of R²."
    )


class ObjectiveSettings(BaseModel):
    """The whole objective: likelihood, capacities, class loss, declared transformations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    capacity: CapacitySettings = Field(CapacitySettings(), description="The price of the KL terms.")
    class_loss: ClassLossSettings | None = Field(
        ClassLossSettings(), description="The class loss and its game; null for none."
    )
    generic: GenericSettings = Field(
        GenericSettings(), description="What holds z and w to what is declared generic."
    )
