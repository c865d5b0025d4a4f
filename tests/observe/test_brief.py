"""The line of ``--dev``."""

from __future__ import annotations

import re

import pytest

from hendrix.observe.brief import brief_line
from tests.observe.entries import MakeEntry


def test_the_line(entry: MakeEntry) -> None:
    line = brief_line(False)(entry())
    assert re.fullmatch(r"\d\d:55:37 200 GET  /apache_pb\.gif\?size=2  1\.2 s", line)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0004, "0 ms"), (0.0184, "18 ms"), (0.9994, "999 ms"), (0.9999, "1.0 s"), (61, "61.0 s")]
)
def test_the_duration(entry: MakeEntry, seconds: float, said: str) -> None:
    assert brief_line(False)(entry(seconds=seconds)).endswith(f"  {said}")


@pytest.mark.parametrize(("status", "colour"), [(101, 34), (200, 32), (304, 34), (404, 33), (500, 31), (503, 31)])
def test_the_colour_tells_the_class_of_the_status(entry: MakeEntry, status: int, colour: int) -> None:
    line = brief_line(True)(entry(status=status))
    assert f"\x1b[{colour}m{status}\x1b[0m GET" in line
    assert re.sub(r"\x1b\[\d+m", "", line) == brief_line(False)(entry(status=status))


def test_a_stranger_cannot_write_to_the_terminal(entry: MakeEntry) -> None:
    line = brief_line(False)(entry(target=b"/\x1b[2J\r\nx", method="G\x07"))
    assert line.isprintable() and line.isascii()
