"""The loud line of the old Hendrix."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hendrix.observe.loud import loud_line
from tests.observe.entries import MakeEntry

LINE = "Response [200] => Request GET http://example.com:8000/apache_pb.gif on pid 4321"


def test_the_line(entry: MakeEntry) -> None:
    assert loud_line(False)(entry()) == LINE


@pytest.mark.parametrize(
    ("status", "colour"),
    [(200, 32), (201, 32), (204, 32), (301, 34), (304, 34), (400, 33), (404, 33), (500, 31), (503, 31), (101, 31)],
)
def test_the_colour_tells_the_class_of_the_status(entry: MakeEntry, status: int, colour: int) -> None:
    line = loud_line(True)(entry(status=status))
    assert line == f"\x1b[{colour}m{LINE.replace('200', str(status))}\x1b[0m"


def test_a_stranger_cannot_write_to_the_terminal(entry: MakeEntry) -> None:
    line = loud_line(False)(entry(target=b"/\x1b[2J\r\nx", authority=b"a\x9bb", method="G\x07"))
    assert line.isprintable() and line.isascii()


SCRIPT = """
from hendrix.observe.loud import loud_log
from tests.observe.entries import make
log = loud_log(lambda call: None)
log.record(make())
log.close()
"""


def on_terminal(**environ: str) -> str:
    ours, theirs = os.openpty()
    env = {**os.environ, "PYTHONPATH": ".", "TERM": "xterm", **environ}
    if "NO_COLOR" not in environ:
        env.pop("NO_COLOR", None)
    subprocess.run([sys.executable, "-c", SCRIPT], stdout=theirs, env=env, check=True)
    text = os.read(ours, 4096).decode()
    os.close(ours)
    os.close(theirs)
    return text


def test_colours_on_a_terminal_only() -> None:
    assert on_terminal() == f"\x1b[32m{LINE}\x1b[0m\r\n"
    assert on_terminal(NO_COLOR="1") == f"{LINE}\r\n"
    assert on_terminal(NO_COLOR="") == f"\x1b[32m{LINE}\x1b[0m\r\n"
    assert on_terminal(TERM="dumb") == f"{LINE}\r\n"
    env = {**os.environ, "PYTHONPATH": ".", "TERM": "xterm"}
    piped = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=env, check=True)
    assert piped.stdout == f"{LINE}\n"
