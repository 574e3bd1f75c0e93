"""Words that several messages share, and names of files as a person reads them."""

import unicodedata


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


def shown(name: str) -> str:
    """Return the name of a file or folder as text: bytes that are not UTF-8 are read as Western European.

    Python stands for such bytes by surrogates, which no file and no terminal takes. Accents are composed, so
    that names that look the same are the same.
    """
    raw = name.encode("utf-8", "surrogateescape")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    return unicodedata.normalize("NFC", text)
