"""A checkpoint is one safetensors file: tensors, and plain JSON in its header. Nothing in it is a pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from differentia.errors import DifferentiaError
from differentia.files import write_tensors
from differentia.training.optimisation import Descent


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a resumed training needs."""

    tensors: dict[str, Tensor]
    """Parameters and buffers (``method.``), optimiser moments and running sums, by name."""
    state: dict[str, Any]
    """Plain JSON values: the step, the seconds trained, the records of the finished epochs."""

    @classmethod
    def of(
        cls, method: nn.Module, descents: Mapping[str, Descent], sums: Tensor, state: dict[str, Any]
    ) -> "Checkpoint":
        """Copy it from a method, its descents by name, and the sums of the current epoch."""
        tensors = {f"method.{name}": tensor for name, tensor in method.state_dict().items()}
        for name, descent in descents.items():
            tensors |= {f"{name}.moments": descent.moments, f"{name}.steps": descent.steps}
        return cls({n: t.detach().clone() for n, t in (tensors | {"sums": sums}).items()}, state)

    def restore(self, method: nn.Module, descents: Mapping[str, Descent]) -> dict[str, Any]:
        """Give a method and its descents back what `of` took, and return the state.

        A DifferentiaError says that the checkpoint is of another method or model.
        """
        try:
            method.load_state_dict(self.part("method"))
            for name, descent in descents.items():
                descent.moments.copy_(self.tensors[f"{name}.moments"])
                descent.steps.copy_(self.tensors[f"{name}.steps"])
        except (KeyError, RuntimeError, ValueError) as problem:
            raise DifferentiaError(
                f"The checkpoint does not fit the settings ({str(problem).splitlines()[0]}). Train again."
            ) from None
        return self.state

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors whose names start with ``prefix.``, without the prefix."""
        start = f"{prefix}."
        return {name.removeprefix(start): t for name, t in self.tensors.items() if name.startswith(start)}

    def save(self, path: Path) -> None:
        """Write the checkpoint, whole or not at all."""
        write_tensors(path, self.tensors, {"state": json.dumps(self.state)})

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """Read a checkpoint; a DifferentiaError says that the file is missing or damaged."""
        if not path.is_file():
            raise DifferentiaError(f"There is no {path.name} in {path.parent}. Is it the folder of a run?")
        try:
            with safe_open(path, framework="pt") as file:
                names = file.keys()
                tensors = {name: file.get_tensor(name) for name in names}
                state = json.loads((file.metadata() or {})["state"])
        except (SafetensorError, KeyError, ValueError, OSError) as problem:
            raise DifferentiaError(f"{path} is damaged ({problem}). Restore it, or train again.") from None
        return cls(tensors, state)
