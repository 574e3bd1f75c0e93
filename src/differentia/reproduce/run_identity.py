"""What makes two runs the same run: recorded results hold it, so that new options leave them valid."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
"""A plain value as JSON has it."""

_DIGITS = 10


@dataclass(frozen=True, eq=False)
class RunIdentity:
    """A run by what it computes: two runs are the same if and only if all of this is.

    Only settings that differ from their defaults are part of it. So a new option, at its default, leaves
    every identity as it was. The price is a convention: whoever changes a default, or what a term computes,
    raises the version of that term.

    Attributes
    ----------
    data : str
        Name of the data set.
    fingerprint : str
        Digest of the data.
    method : str
        Name of the method.
    seed : int
        Seed of weights, order and noise.
    changes : mapping
        Settings that differ from the defaults of the time, by dotted name.
    versions : mapping
        A number for each term of the objective and for the model, raised when what it computes changes.
    full_audit : bool
        Whether the run is measured with the audit's full form rather than the quick one.
    """

    data: str
    fingerprint: str
    method: str
    seed: int
    changes: Mapping[str, Json]
    versions: Mapping[str, int]
    full_audit: bool = False

    @property
    def key(self) -> str:
        """Name of the run's folder: readable, with a digest of the whole."""
        digest = hashlib.sha256(self._text.encode()).hexdigest()[:_DIGITS]
        form = "-full" if self.full_audit else ""
        return f"{self.data}-{self.method}-seed{self.seed}-{digest}{form}"

    @property
    def unseeded(self) -> "RunIdentity":
        """The identity that all seeds of the run share."""
        return replace(self, seed=0)

    def to_json(self) -> dict[str, Any]:
        """Return the identity as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "RunIdentity":
        """Return the identity that `to_json` wrote.

        Raises
        ------
        TypeError
            If a part is missing or unknown.
        """
        return cls(**values)

    @property
    def _text(self) -> str:
        return _canonical(self.to_json())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunIdentity) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def changes(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Json]:
    """Return the settings that differ from their defaults, by dotted name.

    Parameters
    ----------
    settings, defaults : mapping
        Nested plain values. What `settings` does not name is at its default.

    Returns
    -------
    dict
        One value for each setting that differs. Where the default is no mapping but the setting is one, or
        the other way round, the whole of the setting is one change.
    """
    found: dict[str, Json] = {}
    for name, value in settings.items():
        default = defaults.get(name)
        if isinstance(value, Mapping) and isinstance(default, Mapping):
            found |= {f"{name}.{inner}": change for inner, change in changes(value, default).items()}
        elif name not in defaults or _canonical(value) != _canonical(default):
            found[name] = value
    return found


def _canonical(value: Any) -> str:
    """Return JSON that is the same for equal values: keys sorted, whole numbers without a point."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
