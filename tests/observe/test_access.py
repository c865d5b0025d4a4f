"""The access log: batches, lost lines, rotation with several writers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hendrix.core.errors import UsageError
from hendrix.observe.access import AccessLog
from tests.observe.entries import MakeEntry

Heard = list[tuple[str, dict[str, object]]]


class Soon:
    """What was scheduled; the test says when it runs."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def __call__(self, call: Callable[[], None]) -> None:
        self.calls.append(call)

    def run(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


def test_lines_wait_for_the_scheduled_flush(tmp_path: Path, entry: MakeEntry) -> None:
    soon = Soon()
    log = AccessLog("%m %s", str(tmp_path / "log"), soon)
    log.record(entry())
    log.record(entry(status=404))
    assert (tmp_path / "log").read_text() == ""
    assert len(soon.calls) == 1
    soon.run()
    assert (tmp_path / "log").read_text() == "GET 200\nGET 404\n"
    assert not soon.calls
    log.record(entry())
    assert len(soon.calls) == 1


def test_sixty_four_lines_go_at_once(tmp_path: Path, entry: MakeEntry) -> None:
    log = AccessLog("%m", str(tmp_path / "log"), Soon())
    for _ in range(65):
        log.record(entry())
    assert (tmp_path / "log").read_text() == "GET\n" * 64
    log.close()
    assert (tmp_path / "log").read_text() == "GET\n" * 65


def test_flush_and_close_lose_nothing(tmp_path: Path, entry: MakeEntry) -> None:
    log = AccessLog("%m", str(tmp_path / "log"), Soon())
    log.record(entry())
    log.flush()
    assert (tmp_path / "log").read_text() == "GET\n"
    log.record(entry())
    log.close()
    assert (tmp_path / "log").read_text() == "GET\n" * 2


def test_a_file_that_cannot_be_opened_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--access-logfile: cannot open .*/none/log: No such file or directory"):
        AccessLog("combined", str(tmp_path / "none" / "log"), Soon())


def test_a_full_disk_costs_lines_and_is_told_when_it_works_again(
    tmp_path: Path, entry: MakeEntry, heard: Heard
) -> None:
    path, soon = tmp_path / "log", Soon()
    path.symlink_to("/dev/full")
    log = AccessLog("%U", str(path), soon)
    for _ in range(3000):
        log.record(entry(target=b"/" + b"x" * 999))
    soon.run()
    assert len(soon.calls) == 1  # it goes on trying
    assert [name for name, _ in heard] == ["access.losing"]
    assert str(heard[0][1]["error"]) == "[Errno 28] No space left on device"
    path.unlink()
    log.reopen()
    soon.run()
    assert [name for name, _ in heard] == ["access.losing", "access.lost"]
    written = path.read_text().splitlines()
    assert heard[1][1] == {"path": str(path), "lines": 3000 - len(written)}
    assert len(written) > 1000 and set(map(len, written)) == {1000}
    assert not soon.calls


def test_lines_lost_at_the_end_are_told(tmp_path: Path, entry: MakeEntry, heard: Heard) -> None:
    log = AccessLog("%U", "/dev/full", Soon())
    log.record(entry())
    log.close()
    assert heard == [("access.lost", {"path": "/dev/full", "lines": 1})]


def test_a_reopen_that_fails_is_told_and_keeps_the_old_file(tmp_path: Path, entry: MakeEntry, heard: Heard) -> None:
    home = tmp_path / "logs"
    home.mkdir()
    log = AccessLog("%m", str(home / "log"), Soon())
    home.rename(tmp_path / "moved")
    log.reopen()
    assert heard == [("access.reopen_failed", {"path": str(home / "log"), "error": "No such file or directory"})]
    log.record(entry())
    log.close()
    assert (tmp_path / "moved" / "log").read_text() == "GET\n"


# --- real processes ----------------------------------------------------------------------------------------

WRITER = """
import signal, sys
from hendrix.core import events
from hendrix.observe.access import AccessLog
from tests.observe.entries import make

told = []
events.listen(lambda name, level, facts: told.append((name, facts.get("lines"))))
pending, rotate = [], []
signal.signal(signal.SIGUSR1, lambda *_: rotate.append(1))
path, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
log = AccessLog("%m %i " + "x" * 150, path, pending.append)
print("ready", file=sys.stderr, flush=True)
for number in range(count):
    log.record(make(request_id=f"{who}.{number}"))
    if number % 100 == 0:
        calls, pending[:] = pending[:], []
        for call in calls:
            call()
    if rotate:
        rotate.clear()
        log.reopen()
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
log.close()
print(sum(lines or 0 for name, lines in told if name == "access.lost"), file=sys.stderr, flush=True)
"""
COUNT = 30_000


def writer(path: str, who: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WRITER, path, who, str(COUNT)]
    found = subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."})
    assert found.stderr and found.stderr.readline() == b"ready\n"
    return found


def test_rotation_under_two_writers_loses_and_splits_nothing(tmp_path: Path) -> None:
    path = tmp_path / "access"
    writers = [writer(str(path), who) for who in ("a", "b")]
    moved = 0
    while any(one.poll() is None for one in writers):
        if path.exists() and path.stat().st_size > 500_000:
            path.rename(tmp_path / f"access.{moved:03d}")
            moved += 1
            for one in writers:
                one.send_signal(signal.SIGUSR1)
    assert moved >= 3
    assert [one.returncode for one in writers] == [0, 0]
    lines = [line for file in sorted(tmp_path.iterdir()) for line in file.read_text().splitlines()]
    assert all(line.startswith("GET ") and line.endswith(" " + "x" * 150) for line in lines)
    ids = [line.split(" ")[1] for line in lines]
    assert len(ids) == 2 * COUNT == len(set(ids))


def test_a_pipe_that_nobody_reads_costs_lines_not_time() -> None:
    reader, end = os.pipe()
    writers = [writer("-", who, stdout=end) for who in ("a", "b")]
    os.close(end)
    errors = [one.communicate(timeout=60)[1] for one in writers]
    os.set_blocking(reader, False)
    text = os.read(reader, 1 << 20).decode()
    os.close(reader)
    assert [one.returncode for one in writers] == [0, 0]
    lines = text.splitlines()
    assert text.endswith("\n") and all(line.endswith("x" * 150) for line in lines)
    assert len(lines) + sum(map(int, errors)) == 2 * COUNT


def test_a_pipe_whose_reader_is_gone_does_not_end_the_process() -> None:
    reader, end = os.pipe()
    one = writer("-", "a", stdout=end)
    os.close(end)
    os.close(reader)
    error = one.communicate(timeout=60)[1]
    assert one.returncode == 0
    assert 0 < int(error) <= COUNT


def test_standard_output_of_two_writers_is_whole() -> None:
    reader, end = os.pipe()
    writers = [writer("-", who, stdout=end) for who in ("a", "b")]
    os.close(end)
    with open(reader, encoding="ascii") as file:
        ids = [line.split(" ")[1] for line in file]
    assert all(one.wait() == 0 for one in writers)
    lost = sum(int(one.stderr.read()) for one in writers if one.stderr)
    assert len(ids) == len(set(ids)) == 2 * COUNT - lost
