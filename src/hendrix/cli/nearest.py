"""What somebody probably meant who wrote a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable


def advice(word: str, known: Iterable[str], otherwise: str) -> str:
    """The end of an error line: the name in ``known`` nearest to ``word``, or ``otherwise``."""
    import difflib  # noqa: PLC0415 - only a mistake pays for it

    found = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {found[0]}?" if found else otherwise
