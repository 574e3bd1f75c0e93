"""A checkpoint is one safetensors file: tensors, and plain JSON in its header. Nothing in it is a pickle."""

import json
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
    """Everything that a resumed training needs.

    Attributes
    ----------
    tensors : dict of str to Tensor
        Parameters, buffers, optimiser moments and running sums by name.
    state : dict
        Plain JSON values: the step, the seconds trained, the records of the finished epochs.
    """

    tensors: dict[str, Tensor]
    state: dict[str, Any]

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
        """Read a checkpoint.

        Raises
        ------
        DifferentiaError
            If the file is missing or damaged.
        """
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


def module_tensors(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers of a module by prefixed name; one that has two names is kept once."""
    named: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in module.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            seen.add(id(tensor))
            named[f"{prefix}.{name}"] = tensor.detach()
    return named


def optimiser_tensors(prefix: str, optimiser: Optimizer) -> dict[str, Tensor]:
    """Moments and step counts of an optimiser by prefixed name."""
    state: dict[int, dict[str, Tensor]] = optimiser.state_dict()["state"]
    return {f"{prefix}.{i}.{key}": torch.as_tensor(t) for i, slot in state.items() for key, t in slot.items()}


def restore_optimiser(optimiser: Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give an optimiser back what `optimiser_tensors` took, its prefix removed."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
