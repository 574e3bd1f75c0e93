"""Words that several messages share."""


def count(n: int, noun: str) -> str:
    """Say how many, as in ``1 picture`` and ``2,000 pictures``.

    Parameters
    ----------
    n : int
        The number.
    noun : str
        What is counted, in the singular, with a regular plural.
    """
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{n:,} {noun if n == 1 else plural}"
