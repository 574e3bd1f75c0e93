"""The numbers that the report prints, as data. Sections and tables are the report's own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Printed:
    """Accuracies of the report's classifier, in 0 … 1; None where the report gives none."""

    z: float | None
    w: float | None


TABLE_1: dict[str, dict[str, Printed]] = {
    "fashion-mnist": {"without": Printed(0.337, 0.47), "with": Printed(0.32, 0.68)},
    "mnist": {"without": Printed(0.37, 0.31), "with": Printed(0.30, 0.45)},
    "celeba": {"without": Printed(0.63, 0.68), "with": Printed(0.685, 0.745)},
}
"""Section 4.2.1, table 1: accuracy on z and on w, without and with L_class, γ = β."""

TABLE_2: dict[str, dict[str, Printed]] = {
    "fashion-mnist": {"plain": Printed(None, 0.58), "capacity": Printed(None, 0.68)},
    "mnist": {"plain": Printed(None, 0.44), "capacity": Printed(None, 0.45)},
}
"""Section 4.2.2, table 2: accuracy on w.

plain: γ = β = 1 without capacity; capacity: γ = β = 100, C_z = 15, C_w = 25.
"""
