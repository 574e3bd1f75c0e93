"""The data that an estimator's audit reads."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from differentia.data.arrays import assemble
from differentia.data.dataset import LabelledData, Split
from differentia.errors import DifferentiaError


def held_out(data: LabelledData | None, test: Split | None, classes: Sequence[Any]) -> LabelledData:
    """Return the data of a fit with its held-out samples, or with those of `test`.

    Where there are no data, because the estimator was loaded, it is one half of `test` with the other. A
    DifferentiaError says that there are no held-out samples.
    """
    if data is not None and test is not None:
        return replace(data, test=test)
    if test is not None:
        names = tuple(str(label) for label in classes)
        return assemble(
            *(test.x, test.y, None, None, names),
            name="data",
            size=None,
            test_fraction=0.5,
            split_seed=0,
            limit=None,
        )
    if data is None or not len(data.test):
        raise DifferentiaError("There are no held-out samples to audit on. Pass X_test and y_test.")
    return data
