"""Class-generic and class-conditional disentangled representations."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from differentia.estimator import Differentia

__all__ = ["Differentia"]


def __getattr__(name: str) -> Any:
    """Import the estimator when it is asked for, so that the command line answers at once."""
    if name == "Differentia":
        from differentia.estimator import Differentia

        return Differentia
    raise AttributeError(f"module 'differentia' has no attribute '{name}'")
