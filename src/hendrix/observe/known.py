"""A table of answers that are asked for again and again: one lookup in C instead of a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key", bytes, str)

_MOST = 1024
_LONGEST = 256


class Known(dict[Key, str]):
    """``known[key]`` is ``work_out(key)``, remembered for short keys. It forgets all when it is full.

    What strangers send comes in here, so both its length and its size are bounded: a quarter of a megabyte of
    keys at the most.
    """

    def __init__(self, work_out: Callable[[Key], str]) -> None:
        super().__init__()
        self._work_out: Callable[[Key], str] = work_out

    def __missing__(self, key: Key) -> str:
        text = self._work_out(key)
        if len(key) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[key] = text
        return text
