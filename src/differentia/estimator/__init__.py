"""The model as a scikit-learn estimator: arrays in, codes and images out."""

from differentia.estimator.differentia import Differentia

__all__ = ["Differentia"]
