"""The contract of scikit-learn's estimators."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from differentia import Differentia
from differentia.errors import DifferentiaError

TINY = {"model": {"hidden": [8]}}
VECTORS = np.random.default_rng(0).normal(size=(30, 4))
LABELS = np.arange(30) % 3
FRAME = pd.DataFrame(VECTORS, columns=["a", "b", "c", "d"])


def tiny(method: str = "vae", **more) -> Differentia:
    w_dim = 2 if method in ("strict", "released") else None
    return Differentia(method, **{"epochs": 1, "z_dim": 2, "w_dim": w_dim, "settings": TINY} | more)


INAPPLICABLE = {
    "check_array_api_input": "it decodes codes without labels, and z holds nothing of the class "
    "(skipped anyway unless SCIPY_ARRAY_API is set)"
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [Differentia(epochs=1, settings=TINY)], expected_failed_checks=lambda _: INAPPLICABLE
)
def test_the_checks_of_scikit_learn_pass(estimator, check) -> None:
    check(estimator)


def test_what_people_vary_can_be_searched_for() -> None:
    grid = {
        "method": ["strict", "csvae"],
        "z_dim": np.array([2, 3]),
        "w_dim": [2],
        "epochs": np.array([1]),
        "batch_size": [np.int64(8)],
        "learning_rate": np.array([0.01], dtype=np.float32),
        "seed": [3],
        "device": ["cpu"],
        "precision": ["32-true"],
        "settings": [{"model": {"hidden": np.array([8])}}],
    }
    search = GridSearchCV(Differentia(), grid, cv=2, error_score="raise").fit(VECTORS, LABELS)
    assert search.best_estimator_.transform(VECTORS).shape == (30, search.best_params_["z_dim"])
    used = search.best_estimator_.settings_
    assert used.model.w_dim == 2
    assert (used.training.epochs, used.training.batch_size, used.training.seed) == (1, 8, 3)
    assert used.training.learning_rate == pytest.approx(0.01)


def test_probabilities_can_be_scored_by_cross_validation() -> None:
    scores = cross_val_score(tiny(), VECTORS, np.sort(LABELS), cv=3, scoring="neg_log_loss")
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("method", ["strict", "naive", "cvae", "released"])
def test_a_pipeline_fits_what_follows_on_the_codes(method: str) -> None:
    pipeline = make_pipeline(StandardScaler(), tiny(method), LogisticRegression())
    pipeline.fit(VECTORS, LABELS)
    if method == "strict":
        assert pipeline.predict(VECTORS).shape == (30,)
        assert list(pipeline[:-1].get_feature_names_out()) == ["differentia0", "differentia1"]
    else:
        with pytest.raises(DifferentiaError, match=r"sees the class.*Pass y"):
            pipeline.predict(VECTORS)


@pytest.mark.parametrize("method", ["naive", "cvae", "released"])
def test_codes_of_a_method_whose_encoder_sees_the_class(method: str) -> None:
    model = tiny(method)
    found = model.fit_transform(VECTORS, LABELS)
    np.testing.assert_array_equal(found, model.transform(VECTORS, LABELS))
    with pytest.raises(DifferentiaError, match="requires y"):
        tiny(method).fit_transform(VECTORS)


def test_codes_come_as_a_data_frame_where_that_is_asked_for() -> None:
    model = tiny().set_output(transform="pandas").fit(FRAME, LABELS)
    for found in (model.transform(FRAME), clone(model).fit_transform(FRAME, LABELS)):
        assert list(found.columns) == ["differentia0", "differentia1"]
    np.testing.assert_array_equal(model.inverse_transform(model.transform(FRAME)).shape, VECTORS.shape)


def test_columns_are_compared_by_name() -> None:
    model = tiny().fit(FRAME, LABELS)
    assert list(model.feature_names_in_) == list("abcd")
    for wrong in (FRAME[["b", "a", "c", "d"]], FRAME.rename(columns={"a": "e"})):
        with pytest.raises(ValueError, match="feature names should match"):
            model.transform(wrong)
        with pytest.raises(ValueError, match="feature names should match"):
            tiny().fit(FRAME, LABELS, wrong, LABELS)
    assert not hasattr(model.fit(VECTORS, LABELS), "feature_names_in_")
    with pytest.raises(ValueError, match="expecting 4 features"):
        model.transform(VECTORS[:, :3])


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (csr_array(VECTORS), TypeError),
        (VECTORS.astype(complex), ValueError),
        (VECTORS.astype(str), ValueError),
        (VECTORS[0], ValueError),
        (VECTORS * np.inf, DifferentiaError),
    ],
)
def test_what_cannot_be_read_is_refused_and_an_earlier_fit_stays(wrong, error: type) -> None:
    model = tiny().fit(VECTORS, LABELS)
    before = model.transform(VECTORS)
    for call in (model.transform, lambda X: model.fit(X, LABELS)):
        with pytest.raises(error):
            call(wrong)
    np.testing.assert_array_equal(model.transform(VECTORS), before)


def test_pictures_have_as_many_features_as_values() -> None:
    pictures = load_digits().images[:40] / 16
    model = tiny().fit(pictures, np.arange(40) % 2)
    assert model.n_features_in_ == 64
    np.testing.assert_array_equal(model.transform(pictures[..., None]), model.transform(pictures))


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.transform(VECTORS),
        lambda m: m.transform_conditional(VECTORS, LABELS),
        lambda m: m.inverse_transform(VECTORS),
        lambda m: m.predict(VECTORS),
        lambda m: m.predict_proba(VECTORS),
        lambda m: m.score_samples(VECTORS),
        lambda m: m.score(VECTORS, LABELS),
        lambda m: m.reconstruct(VECTORS, LABELS),
        lambda m: m.sample(0),
        lambda m: m.swap(VECTORS, LABELS, 1),
        lambda m: m.traverse(VECTORS[0], 0),
        lambda m: m.audit(VECTORS, LABELS),
        lambda m: m.audit(),
        lambda m: m.save("nowhere"),
        lambda m: m.get_feature_names_out(),
    ],
)
def test_an_unfitted_model_says_so(call) -> None:
    with pytest.raises(NotFittedError):
        call(Differentia())


def test_clustering_codes_in_a_pipeline_takes_labels_for_the_codes_alone() -> None:
    assert len(make_pipeline(tiny(), KMeans(2, n_init=1)).fit(VECTORS, LABELS).predict(VECTORS)) == 30
