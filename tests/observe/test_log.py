"""The log: what a record looks like, levels, rotation, faults of the disk, and what may not silence it."""

from __future__ import annotations

import logging
import logging.config
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hendrix.core import events
from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.core.events import DEBUG, ERROR, WARNING, emit
from hendrix.observe import log
from hendrix.observe.handler import SinkHandler
from tests.observe.reading import Read, read_log


@pytest.fixture(autouse=True)
def own_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging as in a fresh process, and as it was afterwards."""
    root, own = logging.getLogger(), logging.getLogger("hendrix")
    before = (root.handlers[:], root.level, own.handlers[:], own.level, own.propagate)
    monkeypatch.setattr(log, "_handler", None)
    monkeypatch.setattr(log.atexit, "register", lambda call: None)
    monkeypatch.setattr(log.os, "register_at_fork", lambda **calls: None)
    root.handlers[:] = []
    own.handlers[:] = []
    yield
    root.handlers[:], root.level, own.handlers[:], own.level, own.propagate = before
    while log._write in events._listeners:
        events.forget(log._write)
    for logger in (root, own, logging.getLogger("shop")):
        logger.disabled = False
        logger.setLevel(logger.level)  # empties the cache of enabled levels


def configure(config: Config) -> None:
    """Without the handlers that pytest puts at the root for the time of a test."""
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if isinstance(handler, SinkHandler)]
    log.configure(config)


Written = Callable[[], list[Read]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hx.log"


@pytest.fixture
def written(path: Path) -> Written:
    return lambda: read_log(path.read_text())


def test_an_event_is_one_line(path: Path, written: Written) -> None:
    configure(Config(log=str(path)))
    emit("worker.exited", WARNING, worker=3, reason="out of\nmemory")
    (one,) = written()
    assert (one.level, one.pid, one.name) == ("WARNING", os.getpid(), "worker.exited")
    assert one.facts == {"worker": "3", "reason": "out of\nmemory"}
    assert one.time.endswith("Z"), "whatever the zone of the process"


def test_an_exception_shows_its_traceback_below(path: Path, written: Written) -> None:
    configure(Config(log=str(path)))
    try:
        raise ValueError("bad\n2026-01-01T00:00:00.000+00:00 INFO [1] user.login name=root")
    except ValueError as error:
        emit("request.failed", ERROR, path="/x", exc=error)
    (one,) = written()
    assert list(one.facts) == ["path", "exc"]
    assert one.below[0] == "Traceback (most recent call last):"
    assert one.below[-2:] == ["ValueError: bad", "2026-01-01T00:00:00.000+00:00 INFO [1] user.login name=root"]


def test_a_stack_is_shown_below(path: Path, written: Written) -> None:
    configure(Config(log=str(path)))
    emit("request.slow", WARNING, path="/x", stack='  File "a.py", line 1\n    f()\n')
    (one,) = written()
    assert one.facts == {"path": "/x"}
    assert one.below == ['  File "a.py", line 1', "    f()"]


def test_standard_logging_ends_in_the_same_place(path: Path, written: Written) -> None:
    configure(Config(log=str(path)))
    logging.getLogger("shop").warning("sold %s\nforged %s", "out", "line\x1b[2J")
    logging.getLogger("shop").warning("wrong %d arguments", "x")
    (one, two) = written()
    assert (one.name, one.facts, one.below) == ("shop", {"message": "sold out"}, ["forged line\\x1b[2J"])
    assert two.facts == {"message": "'wrong %d arguments' ('x',)"}


@pytest.mark.parametrize(
    ("config", "own", "others"),
    [
        ({"verbosity": 0}, "E", "E"), ({"quiet": True, "verbosity": 3}, "E", "E"), ({}, "EWI", "EW"),
        ({"verbosity": 2}, "EWI", "EWI"), ({"verbosity": 3}, "EWID", "EWID"),
    ],
)  # fmt: skip
def test_verbosity(path: Path, written: Written, config: dict[str, int], own: str, others: str) -> None:
    configure(Config(log=str(path), **config))  # type: ignore[arg-type]
    levels = [ERROR, WARNING, logging.INFO, DEBUG]
    for level in levels:
        emit("own", level)
        logging.getLogger("shop").log(level, "x")
    assert "".join(one.level[0] for one in written() if one.name == "own") == own
    assert "".join(one.level[0] for one in written() if one.name == "shop") == others


def test_errors_only_holds_for_loggers_with_a_level_of_their_own(path: Path, written: Written) -> None:
    logger = logging.getLogger("django_like")
    logger.setLevel(logging.INFO)
    configure(Config(log=str(path), quiet=True))
    logger.warning("Not Found: /x")
    assert written() == []


def test_configuring_again_changes_the_place(path: Path, tmp_path: Path, written: Written) -> None:
    configure(Config(log=str(tmp_path / "first")))
    configure(Config(log=str(path)))
    emit("one")
    logging.getLogger("shop").error("two")
    assert [one.name for one in written()] == ["one", "shop"]
    assert (tmp_path / "first").read_text() == ""
    assert len(logging.getLogger().handlers) == 1


def test_a_file_that_cannot_be_opened_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--log: cannot open .*/none/hx.log: No such file or directory"):
        configure(Config(log=str(tmp_path / "none" / "hx.log")))


def test_the_file_is_made_with_mode_0640(path: Path) -> None:
    configure(Config(log=str(path)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_reopen_after_a_rotation(path: Path, tmp_path: Path, written: Written) -> None:
    log.reopen()  # before configure: nothing to do
    configure(Config(log=str(path)))
    emit("old")
    path.rename(tmp_path / "hx.log.1")
    emit("still.old")
    log.reopen()
    emit("new")
    assert [one.name for one in written()] == ["new"]
    assert [one.name for one in read_log((tmp_path / "hx.log.1").read_text())] == ["old", "still.old"]


def test_a_reopen_that_fails_keeps_the_old_file_and_says_so(tmp_path: Path) -> None:
    home = tmp_path / "logs"
    home.mkdir()
    configure(Config(log=str(home / "hx.log")))
    home.rename(tmp_path / "moved")
    log.reopen()
    (one,) = read_log((tmp_path / "moved" / "hx.log").read_text())
    assert (one.level, one.name) == ("ERROR", "log.reopen_failed")
    assert one.facts == {"path": str(home / "hx.log"), "error": "No such file or directory"}


def test_a_full_disk_is_noted_once_when_it_works_again(path: Path, written: Written) -> None:
    path.symlink_to("/dev/full")
    configure(Config(log=str(path)))
    for number in range(400):
        emit("event", number=number, text="x" * 1000)
    path.unlink()
    log.reopen()
    emit("after")
    emit("later")
    found = written()
    kept = [one for one in found if one.name == "event"]
    assert [int(one.facts["number"]) for one in kept] == list(range(len(kept)))
    assert [one.name for one in found[len(kept) :]] == ["after", "log.lost", "later"]
    assert found[-2].facts == {"lines": str(400 - len(kept))} and len(kept) < 400


def test_dict_config_neither_silences_nor_closes_us(path: Path, written: Written) -> None:
    configure(Config(log=str(path)))
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": True, "root": {"handlers": []}})
    emit("still.here")
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": True})
    emit("still.there")
    assert [one.name for one in written()] == ["still.here", "still.there"]


def test_a_project_that_takes_the_root_keeps_it(path: Path) -> None:
    configure(Config(log=str(path)))
    logging.config.dictConfig({"version": 1, "root": {"handlers": []}})
    configure(Config(log=str(path)))
    logging.getLogger("shop").error("x")
    assert path.read_text() == ""


def test_a_project_that_names_hendrix_takes_it_over(path: Path, tmp_path: Path) -> None:
    configure(Config(log=str(path)))
    handlers = {"own": {"class": "logging.FileHandler", "filename": str(tmp_path / "own")}}
    loggers = {"hendrix": {"handlers": ["own"]}}
    logging.config.dictConfig({"version": 1, "handlers": handlers, "loggers": loggers})
    emit("server.ready", urls=["http://a"], workers=2, pid=1)
    emit("worker.exited", worker=3)
    assert path.read_text() == ""
    assert (tmp_path / "own").read_text().splitlines() == [
        "server.ready urls=http://a workers=2 pid=1", "worker.exited worker=3",
    ]  # fmt: skip


def test_a_handler_that_raises_does_not_reach_who_emits(path: Path, written: Written) -> None:
    configure(Config(log=str(path)))

    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("broken handler")

    logging.getLogger("hendrix").handlers.insert(0, Broken())
    emit("event")
    (one,) = written()
    assert (one.name, one.facts) == ("log.failed", {"event": "event"})
    assert one.below[-1] == "RuntimeError: broken handler"


def test_a_record_that_cannot_be_made_into_text_says_so(path: Path, written: Written) -> None:
    class Rude:
        def __str__(self) -> str:
            raise RuntimeError("no text")

        __repr__ = __str__

    configure(Config(log=str(path)))
    logging.getLogger("shop").error(Rude())
    (one,) = written()
    assert one.name == "log.failed" and one.below[-1] == "RuntimeError: no text"


def test_another_handler_at_the_same_place_is_enough(path: Path, tmp_path: Path, written: Written) -> None:
    configure(Config(log=str(path)))
    logger = logging.getLogger("doubled")
    same, other = logging.FileHandler(path), logging.FileHandler(tmp_path / "other")
    same.setLevel(logging.ERROR)
    logger.handlers[:] = [other, same]
    logger.error("once")
    logger.warning("ours")
    logger.handlers[:] = []
    same.close()
    other.close()
    assert path.read_text().count("once") == 1
    assert path.read_text().count("ours") == 1
    assert (tmp_path / "other").read_text() == "once\nours\n"


# --- the line for people -----------------------------------------------------------------------------------

READY = """
import os
from hendrix.core.config import Config
from hendrix.core.events import emit, WARNING
from hendrix.observe import log
log.configure(Config(log=os.environ.get("LOG_FILE", "")))
emit("server.ready", urls=["http://127.0.0.1:8000"], workers=1, settings="shop.settings", pid=1234)
emit("other", WARNING)
"""
SENTENCE = "Hendrix 6.0.0.dev0 listens at http://127.0.0.1:8000 (1 worker, settings shop.settings, pid 1234)"


def environ(**extra: str) -> dict[str, str]:
    kept = {key: text for key, text in os.environ.items() if key != "NO_COLOR"}
    return {**kept, "PYTHONPATH": ".", "TERM": "xterm", **extra}


def on_terminal(**extra: str) -> list[str]:
    ours, theirs = os.openpty()
    subprocess.run([sys.executable, "-c", READY], stderr=theirs, env=environ(**extra), check=True)
    text = os.read(ours, 4096).decode()
    os.close(ours)
    os.close(theirs)
    return text.splitlines()


def test_server_ready_is_a_sentence(tmp_path: Path) -> None:
    piped = subprocess.run([sys.executable, "-c", READY], capture_output=True, text=True, env=environ(), check=True)
    first, second = piped.stderr.splitlines()
    assert first == SENTENCE
    assert read_log(second)[0].name == "other"
    file = tmp_path / "log"
    subprocess.run([sys.executable, "-c", READY], env=environ(LOG_FILE=str(file)), check=True)
    assert file.read_text().splitlines()[0].endswith("] " + SENTENCE)


def test_on_a_terminal_it_says_how_to_stop_and_levels_have_colours() -> None:
    first, more, second = on_terminal()
    assert f"{first} {more}" == SENTENCE + "; Ctrl-C stops it"
    assert " \x1b[33mWARNING\x1b[0m [" in second
    assert "\x1b" not in "".join(on_terminal(NO_COLOR="1"))


def test_the_sentence_counts_its_workers_and_leaves_out_what_is_not_known(path: Path) -> None:
    configure(Config(log=str(path)))
    emit("server.ready", urls=("http://a:1", "unix:/b"), workers=3, settings="", pid=9)
    assert path.read_text().rstrip().endswith("listens at http://a:1 and unix:/b (3 workers, pid 9)")


# --- faults of standard error ------------------------------------------------------------------------------

FAULTY = """
import sys
from hendrix.core.config import Config
from hendrix.core.events import emit
from hendrix.observe import log
log.configure(Config())
for number in range(2000):
    emit("event", number=number, text="x" * 500)
print("done")
"""


@pytest.mark.parametrize("redirect", ["2>&-", "2>/dev/full", "2>/dev/null"])
def test_standard_error_that_cannot_be_written_harms_nobody(redirect: str) -> None:
    command = ["sh", "-c", f'"$0" -c "$1" {redirect}', sys.executable, FAULTY]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environ(), text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_a_reader_of_standard_error_that_is_gone_or_stuck_harms_nobody() -> None:
    for stuck in (False, True):
        reader, end = os.pipe()
        if not stuck:
            os.close(reader)
        command = [sys.executable, "-c", FAULTY]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=end, env=environ(), text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, "done\n")


MANY = """
import logging, os, sys
from hendrix.core.config import Config
from hendrix.core.events import emit
from hendrix.observe import log
log.configure(Config(log=sys.argv[1]))
for number in range(2):
    os.fork()
for number in range(500):
    emit("event", number=number, text="x" * number)
    logging.getLogger("shop").warning("message %s", number)
"""


def test_several_processes_share_a_file(path: Path, written: Written) -> None:
    subprocess.run([sys.executable, "-c", MANY, str(path)], env=environ(), check=True)
    while len(found := written()) < 4 * 1000:  # the children may end a little later
        pass
    assert len({one.pid for one in found}) == 4
    for pid in {one.pid for one in found}:
        numbers = [one.facts["number"] for one in found if one.pid == pid and one.name == "event"]
        assert numbers == [str(number) for number in range(500)]
