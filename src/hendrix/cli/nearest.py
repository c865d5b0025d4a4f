"""What somebody probably meant who wrote a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable


def advice(word: str, known: Iterable[str], otherwise: str) -> str:
    """The end of an error line: the name in ``known`` nearest to ``word``, or ``otherwise``."""
    import difflib  # noqa: PLC0415 - only a mistake pays for it

    bare = {name.lstrip("-"): name for name in known}  # else the dashes that all have make all alike
    found = difflib.get_close_matches(word.lstrip("-"), bare, n=1)
    return f"did you mean {bare[found[0]]}?" if found else otherwise
