"""A checkpoint is one safetensors file: tensors, and plain JSON in its header. Nothing in it is a pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from differentia.errors import DifferentiaError
from differentia.files import replacing


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a resumed training needs."""

    tensors: dict[str, Tensor]
    """Parameters and buffers (``method.``), optimiser moments and running sums, by name."""
    state: dict[str, Any]
    """Plain JSON values: the step, the seconds trained, the records of the finished epochs."""

    @classmethod
    def of(
        cls, method: nn.Module, optimisers: Mapping[str, Optimizer], sums: Tensor, state: dict[str, Any]
    ) -> "Checkpoint":
        """Copy it from a method, its optimisers by name, and the sums of the current epoch."""
        tensors = {f"method.{name}": tensor for name, tensor in method.state_dict().items()}
        for prefix, optimiser in optimisers.items():
            slots: dict[int, dict[str, Tensor]] = optimiser.state_dict()["state"]
            tensors |= {
                f"{prefix}.{i}.{k}": torch.as_tensor(t) for i, s in slots.items() for k, t in s.items()
            }
        return cls({n: t.detach().clone() for n, t in (tensors | {"sums": sums}).items()}, state)

    def restore(self, method: nn.Module, optimisers: Mapping[str, Optimizer]) -> dict[str, Any]:
        """Give a method and its optimisers back what `of` took, and return the state.

        A DifferentiaError says that the checkpoint is of another method or model.
        """
        try:
            method.load_state_dict(self.part("method"))
            for prefix, optimiser in optimisers.items():
                slots: dict[int, dict[str, Tensor]] = {}
                for name, tensor in self.part(prefix).items():
                    index, key = name.split(".", 1)
                    slots.setdefault(int(index), {})[key] = tensor.clone()
                groups = optimiser.state_dict()["param_groups"]
                optimiser.load_state_dict({"state": slots, "param_groups": groups})
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
        tensors = {name: t.detach().cpu().contiguous() for name, t in self.tensors.items()}
        with replacing(path) as beside:
            save_file(tensors, beside, metadata={"state": json.dumps(self.state)})

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
