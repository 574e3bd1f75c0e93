"""What `differentia refine` makes of a trained model: the same, with a residual code as further w."""

from collections.abc import Sequence
from typing import Any, NoReturn

from pydantic import Field, field_validator, model_validator

from differentia import config
from differentia.errors import DifferentiaError
from differentia.methods.base import Method, built_in, find
from differentia.model.base import Model
from differentia.refine.residual import ResidualModel
from differentia.terms.base import Curve


class Refined(Method):
    """A `ResidualModel` around the teacher's model; it is fitted, not trained."""

    class Config(config.Config):
        """The teacher, and its residual code."""

        teacher_method: str = Field("strict", description="Method of the run that was refined.")
        teacher: dict[str, Any] = Field({}, description="The settings `model` of that run.")
        dim: int = Field(400, ge=1, description="Dimensions of the residual code.")
        moves: bool = Field(
            True,
            description="What the code corrects is moved by the transformations that z does, rather than "
            "added to the moved picture.",
        )

        @field_validator("teacher_method")
        @classmethod
        def _known(cls, name: str) -> str:
            # A run folder says it, and a run folder never runs code.
            known = [method for method in built_in() if method != "refined"]
            if name not in known:
                raise ValueError(f"there is no method '{name}'; choose of {', '.join(known)}")
            return name

        @model_validator(mode="after")
        def _teacher(self) -> "Refined.Config":
            find(self.teacher_method).Config.model_validate(self.teacher)
            return self

    def __init__(self, *_: Any) -> NoReturn:
        raise DifferentiaError(
            "These settings are a refined run's, and what is refined is not trained. "
            "Make it again with `differentia refine RUN`."
        )

    @classmethod
    def curves(cls, config: Config) -> tuple[Curve, ...]:
        """Return those of the teacher's method, whose training the run records."""
        return find(config.teacher_method).curves(config.teacher)

    @classmethod
    def build(cls, config: Config, shape: Sequence[int], n_classes: int) -> Model:
        """Return the teacher's model with an unfitted residual code."""
        teacher = find(config.teacher_method)
        inner = teacher.build(teacher.Config.model_validate(config.teacher), shape, n_classes)
        return ResidualModel(inner, config.dim, config.moves)
