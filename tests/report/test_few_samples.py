"""A report on many classes of few test samples each, and on classes without any, comes to its end."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from differentia.data.dataset import Split
from differentia.data.settings import DataSettings
from differentia.plots.gallery import draw_gallery
from differentia.report.evidence import gather
from differentia.report.html import render
from differentia.training.presets import preset
from differentia.training.run import DataDescription
from plots.drawing import METRICS, labelled, model_for


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "n_classes", "lacking"), [((8, 8, 1), 30, 0), ((3,), 12, 2)])
def test_a_report_on_two_samples_a_class_and_on_classes_without_any(shape, n_classes, lacking, tmp_path):
    data = labelled(shape, n_classes, n=2)
    present = data.test.y >= lacking
    data = replace(data, test=Split(data.test.x[present], data.test.y[present]))
    model = model_for(data)
    settings = preset(None, DataSettings(source="arrays"), shape, {})
    run = SimpleNamespace(
        path=tmp_path, settings=settings, metrics=lambda: METRICS, description=DataDescription.of(data)
    )
    found = gather(run, model, data, 0, True, lambda stage, doing: None)
    json.dumps(found.document, allow_nan=False)
    page = render(found.document, draw_gallery(model, data, found.factors, 0), settings, METRICS, ())
    assert f"kind {n_classes - 1}" in page
    assert ("No test sample shows kind 0, kind 1" in " ".join(found.audit.remarks)) == bool(lacking)


def test_a_lone_sample_a_class_has_no_r2():
    from differentia.metrics.recovery import within_class_r2

    values = np.random.default_rng(0).normal(size=(60, 1))
    for samples, known in ((1, False), (2, False), (4, True)):
        found = within_class_r2(np.hstack([values, values]), values, np.arange(60) // samples, 0)
        assert np.isfinite(found).all() == known
