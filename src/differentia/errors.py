"""The one exception that a person is meant to read."""


class DifferentiaError(Exception):
    """A problem that the person at the keyboard can solve.

    The message is one sentence that says what is wrong, followed by what to do about it. The command
    line prints it without a traceback and exits with code 2.
    """


class InputError(DifferentiaError, ValueError):
    """Samples or labels that do not fit; a ValueError too, as scikit-learn's tools expect of an estimator."""
