"""What every command shares with the terminal: any encoding, no markup in names, errors in one sentence."""

import codecs
import errno
import io
import os
import sys
import unicodedata
from contextlib import suppress
from pathlib import Path

from rich.markup import escape

from differentia.errors import DifferentiaError
from differentia.files import FULL

SUBSTITUTES = {
    **{
        "→": "->",
        "←": "<-",
        "×": "x",
        "−": "-",
        "–": "-",
        "—": "-",
        "·": "-",
        "…": "...",
        "━": "-",
        "’": "'",
    },
    **{
        "μ": "mu",
        "σ": "sigma",
        "β": "beta",
        "γ": "gamma",
        "θ": "theta",
        "φ": "phi",
        "ψ": "psi",
        "Δ": "Delta",
    },
    **{"≤": "<=", "≥": ">=", "≈": "~", "±": "+-", "∞": "inf", "‖": "||", "•": "*"},
}
"""What stands for a sign that the terminal's encoding lacks."""

NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")
"""How torch says so, on Linux, on Windows and of a graphics card."""


def speak_any_encoding() -> None:
    """Let standard output and errors take any text: what their encoding lacks is spelt out or replaced."""
    codecs.register_error("differentia", _spelt_out)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="differentia")


def _spelt_out(problem: UnicodeError) -> tuple[bytes, int]:
    assert isinstance(problem, UnicodeEncodeError)
    text = problem.object[problem.start : problem.end]
    return b"".join(_in_encoding(sign, problem.encoding) for sign in text), problem.end


def _in_encoding(sign: str, encoding: str) -> bytes:
    if 0xDC80 <= ord(sign) <= 0xDCFF:  # a byte of a file's name that is not UTF-8
        sign = bytes([ord(sign) - 0xDC00]).decode("cp1252", "replace")
    plain = "".join(c for c in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(c))
    for text in (sign, SUBSTITUTES.get(sign, plain)):
        with suppress(UnicodeEncodeError):
            return text.encode(encoding)
    return b"?"


def strong(text: object) -> str:
    """Return text in bold for rich's markup, whatever brackets it holds."""
    return f"[bold]{escape(str(text))}[/bold]"


def is_helper() -> bool:
    """Whether this is one of several processes that train together, and not the one that speaks for them."""
    return os.environ.get("LOCAL_RANK", "0") != "0"


def sentence(problem: Exception) -> str | None:
    """Say an error that a person can solve; None for a fault of this program."""
    if isinstance(problem, DifferentiaError):
        return str(problem)
    said = " ".join(str(problem).split())
    code = problem.errno if isinstance(problem, OSError) else None
    if isinstance(problem, MemoryError) or code == errno.ENOMEM or any(words in said for words in NO_MEMORY):
        why = said.rpartition("Allocator: ")[2].partition(". ")[0] or "no more can be had"
        return (
            f"the memory is too small for this ({why}). "
            "Choose a smaller --size, training.batch_size or network."
        )
    if isinstance(problem, OSError) and code in FULL:
        return f"cannot write{_place(problem)} ({problem.strerror}). Free some space or name another folder."
    if isinstance(problem, OSError) and problem.filename is not None:
        return f"cannot use{_place(problem)} ({problem.strerror}). Check the path and who may use it."
    if isinstance(problem, RuntimeError) and "onnection" in said:
        return "one of the processes that train together has ended. Go on with --resume."
    return None


def _place(problem: OSError) -> str:
    if problem.filename is None:
        return ""
    path = Path(os.fsdecode(problem.filename))
    # A file is written beside the one it replaces, see `differentia.files`.
    return f" {path.parent if '.partial' in path.name else path}"
