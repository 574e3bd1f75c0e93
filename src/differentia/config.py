"""What every group of settings is: a frozen model that knows its fields."""

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Validated settings of one part of a run. Unknown fields are refused, and values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
