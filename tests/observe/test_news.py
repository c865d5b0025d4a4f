"""What a developer reads on the terminal."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys

import pytest

from hendrix.core.events import ERROR, INFO, WARNING
from hendrix.observe.event_record import EventRecord
from hendrix.observe.facts import render
from hendrix.observe.line import LineFormatter
from hendrix.observe.news import news

TRACEBACK = 'Traceback (most recent call last):\n  File "views.py", line 7\nSyntaxError: never closed\n'


def shown(record: logging.LogRecord, *, coloured: bool = False) -> str:
    return LineFormatter(coloured=coloured, bare=True, terminal=True, brief=True).format(record)


def test_files_are_named_as_seen_from_here() -> None:
    files = f"{os.getcwd()}/shop/views.py, /elsewhere/x.py"
    assert news("code.changed", INFO, {"files": files}) == "code.changed  shop/views.py, /elsewhere/x.py"


@pytest.mark.parametrize(("serving", "rest"), [(3, "the code before serves on"), (0, "the next save is waited for")])
def test_what_becomes_of_a_reload(serving: int, rest: str) -> None:
    assert news("reload.done", INFO, {"seconds": 0.2941}) == "reload.done   the new code serves, after 0.3 s"
    facts = {"summary": "SyntaxError: x", "serving": serving}
    assert news("reload.failed", ERROR, facts) == f"reload.failed SyntaxError: x; {rest}"


def test_routine_is_no_news_unless_something_is_wrong_with_it() -> None:
    assert news("worker.ready", INFO, {"worker": 1}) == ""
    assert news("worker.ready", WARNING, {"worker": 1}) == "worker.ready worker=1"
    assert shown(EventRecord(INFO, "worker.ready", {"worker": 1})) == ""


def test_a_traceback_is_shown_as_it_is_below_the_line() -> None:
    facts = {"summary": "SyntaxError: never closed", "traceback": TRACEBACK, "serving": 1}
    first, *rest = shown(EventRecord(ERROR, "reload.failed", facts)).splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d reload.failed SyntaxError: never closed; the code before serves on", first)
    assert rest == ["    " + line for line in TRACEBACK.splitlines()]
    assert render("reload.failed", facts) == 'reload.failed summary="SyntaxError: never closed" serving=1'


def test_what_others_log_is_there_too() -> None:
    record = logging.LogRecord("shop", WARNING, "", 0, "no %s\nleft", ("tea",), None)
    assert shown(record)[9:] == "shop no tea\n    left"
    assert re.fullmatch(
        r"\x1b\[90m[0-9:]{8}\x1b\[0m \x1b\[33mshop\x1b\[0m .*", shown(record, coloured=True).splitlines()[0]
    )


def test_nothing_in_it_can_end_a_line() -> None:
    hostile = {"summary": "a\nb\x1b[2J", "files": "x\ny.py"}
    for name in ("reload.failed", "code.changed"):
        line = news(name, ERROR, hostile)
        assert line.isprintable()


SCRIPT = """
from hendrix.core.config import Config
from hendrix.core.events import INFO, emit
from hendrix.observe import log
log.configure(Config(reload=True, verbosity=int(__import__("sys").argv[1])))
emit("worker.ready", INFO, worker=1)
emit("reload.done", INFO, seconds=0.25)
"""


@pytest.mark.parametrize(("verbosity", "lines"), [(1, 1), (2, 2)])
def test_more_is_told_who_asks_for_more(verbosity: int, lines: int) -> None:
    command = [sys.executable, "-c", SCRIPT, str(verbosity)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."}, check=True)
    assert len(done.stderr.splitlines()) == lines
    assert ("INFO [" in done.stderr) == (verbosity == 2)
