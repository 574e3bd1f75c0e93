"""What a notebook shows of a fitted estimator: its verdict, and what each dimension does to a sample."""

from html import escape

import numpy as np

from differentia.metrics.audit.result import Audit
from differentia.metrics.codes import CODES, CodeName
from differentia.model.base import Floats, Model
from differentia.plots.figures import MAX_DIMS
from differentia.plots.gallery import sheet_uri
from differentia.plots.images import pictures, resized
from differentia.plots.traversals import VALUES, traverse
from differentia.report.text import BADGES


def page(model: Model, first: str, epochs: int, audit: Audit | None) -> str:
    """Return the verdict, if there is one yet, and filmstrips of a sample of the `first` class, in HTML."""
    said = "<b>not audited yet</b>: call <code>audit(X_test, y_test)</code>."
    if audit is not None:
        said = f"<b>{BADGES[audit.verdict.level][0]}</b>: {escape(audit.verdict.sentence)}"
    z, w = model.draw_codes(np.zeros(1, dtype=np.int64), np.random.default_rng(0))
    strips = "".join(
        f"<figure><figcaption>{code}, one dimension a row from −5 to 5, of a new sample of "
        f"{escape(first)}</figcaption><img alt='filmstrips of {code}' "
        f"src='{_filmstrips(model, z[0], w[0], code)}'></figure>"
        for code in CODES
        if code in model.dims
    )
    return f"<div><p>{said} {epochs} epochs trained.</p>{strips}</div>"


def _filmstrips(model: Model, z: Floats, w: Floats, code: CodeName) -> str:
    """Draw what the first dimensions of a code do, as a data URI."""
    dims = range(min(model.dims[code], MAX_DIMS))
    decoded = np.stack([traverse(model, z, w, 0, code, dim, VALUES) for dim in dims])
    return sheet_uri(resized(pictures(model, decoded)))
