"""Lines to files and pipes: whole, in order, never waiting, never raising."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from hendrix.observe import outlet
from hendrix.observe.sink import Sink


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def reader_of(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK)


def read_all(fd: int) -> bytes:
    pieces = []
    while True:
        try:
            piece = os.read(fd, 65536)
        except BlockingIOError:
            break
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces)


def test_a_batch_is_one_write_at_the_end_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    writes: list[bytes] = []
    real = os.write
    monkeypatch.setattr(outlet.os, "write", lambda fd, data: writes.append(data) or real(fd, data))
    sink = Sink(str(path))
    sink.put(["a", "b", "ü"])
    assert sink.drain()
    assert writes == ["a\nb\nü\n".encode()]
    assert path.read_text() == "before\na\nb\nü\n"


def test_a_new_file_is_readable_by_its_group_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        Sink(str(tmp_path / "log"))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o640


def test_a_path_that_cannot_be_opened_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Sink(str(tmp_path / "none" / "log"))


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_partial_writes_go_on_where_they_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    real = os.write
    monkeypatch.setattr(outlet.os, "write", lambda fd, data: real(fd, data[:step]))
    sink = Sink(str(tmp_path / "log"))
    sink.put(["one", "", "three ü", "four"])
    assert sink.drain() and not sink.waiting
    sink.put(["five"])
    assert sink.drain()
    assert (tmp_path / "log").read_text() == "one\n\nthree ü\nfour\nfive\n"


def test_a_full_disk_keeps_lines_then_loses_and_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.symlink_to("/dev/full")
    sink = Sink(str(path), limit=40)
    sink.put([f"line {n}" for n in range(10)])
    assert not sink.drain()
    assert sink.fault and sink.fault.strerror == "No space left on device"
    assert sink.lost == 5
    path.unlink()
    sink.reopen()
    assert path.read_text() == "".join(f"line {n}\n" for n in range(5))
    assert sink.fault is None and not sink.waiting


def test_one_line_longer_than_the_limit_is_still_taken(tmp_path: Path) -> None:
    sink = Sink(str(tmp_path / "log"), limit=10)
    sink.put(["x" * 100])
    assert sink.drain() and sink.lost == 0


def test_a_torn_line_is_written_whole_to_the_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    real = os.write
    sink = Sink(str(path))
    full = [False]

    def write(fd: int, data: bytes) -> int:
        if full[0]:
            raise OSError(28, "No space left on device")
        full[0] = True
        return real(fd, data[:6])

    monkeypatch.setattr(outlet.os, "write", write)
    sink.put(["first", "second"])
    assert not sink.drain()
    sink.put(["third"])
    path.rename(tmp_path / "log.1")
    monkeypatch.setattr(sink, "drain", lambda: False)
    sink.reopen()
    monkeypatch.undo()
    assert sink.drain()
    assert path.read_text() == "second\nthird\n"


def test_a_full_pipe_is_not_waited_for(fifo: Path) -> None:
    reader = reader_of(fifo)
    sink = Sink(str(fifo), limit=500_000)
    lines = [f"{n:06d} {'x' * 200}" for n in range(3000)]
    sink.put(lines)
    assert not sink.drain()
    assert isinstance(sink.fault, BlockingIOError)
    text = read_all(reader)
    assert text.endswith(b"\n")  # groups of at most PIPE_BUF are all or nothing
    while not sink.drain():
        text += read_all(reader)
    text += read_all(reader)
    assert text.decode().splitlines() == lines[: 3000 - sink.lost]
    assert sink.lost > 0


def test_a_line_that_a_pipe_takes_in_pieces_arrives_whole(fifo: Path) -> None:
    reader = reader_of(fifo)
    sink = Sink(str(fifo))
    lines = ["a" * 100_000, "b" * 100_000, "c"]
    sink.put(lines)
    text = b""
    while not sink.drain():
        text += read_all(reader)
    assert (text + read_all(reader)).decode().splitlines() == lines


def test_a_reader_that_comes_late_and_goes_away(fifo: Path) -> None:
    sink = Sink(str(fifo))
    sink.put(["early"])
    assert not sink.drain()
    reader = reader_of(fifo)
    assert sink.drain()
    assert read_all(reader) == b"early\n"
    os.close(reader)
    sink.put(["late"])
    assert not sink.drain()
    assert isinstance(sink.fault, BrokenPipeError)
    sink.close()
    assert sink.lost == 1


def test_reopen_gives_the_new_file_the_old_permissions(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sink = Sink(str(path))
    path.chmod(0o604)
    path.rename(tmp_path / "log.1")
    sink.reopen()
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_reopen_leaves_a_file_alone_that_the_rotation_made(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sink = Sink(str(path))
    path.rename(tmp_path / "log.1")
    path.touch()
    path.chmod(0o600)
    sink.reopen()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_reopen_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    home = tmp_path / "logs"
    home.mkdir()
    sink = Sink(str(home / "log"))
    home.rename(tmp_path / "moved")
    with pytest.raises(FileNotFoundError):
        sink.reopen()
    sink.put(["still here"])
    assert sink.drain()
    assert (tmp_path / "moved" / "log").read_text() == "still here\n"


def test_a_standard_descriptor_is_duplicated(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    sink = Sink("-", standard=fd)
    os.close(fd)
    sink.put(["line"])
    sink.reopen()
    assert sink.drain()
    assert (tmp_path / "out").read_text() == "line\n"


def test_a_closed_standard_descriptor_is_borne_and_never_taken_up_again(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    os.close(fd)
    sink = Sink("-", standard=fd)
    again = os.open(tmp_path / "database", os.O_WRONLY | os.O_CREAT)
    sink.put(["line"])
    assert not sink.drain() and sink.fd == -1
    os.close(again)
    assert (tmp_path / "database").read_bytes() == b""
    sink.close()
    assert sink.lost == 1


def test_a_pipe_that_cannot_be_opened_once_more_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    monkeypatch.setattr(outlet.os, "open", _refuse)
    sink = Sink("-", standard=writer)
    monkeypatch.undo()
    sink.put([f"{n:04d} {'x' * 500}" for n in range(1000)])
    assert not sink.drain()  # a blocking write would hang here
    os.set_blocking(reader, False)
    text = b""
    while not sink.drain():
        text += read_all(reader)
    assert len((text + read_all(reader)).splitlines()) == 1000


def _refuse(*arguments: object) -> int:
    raise PermissionError(13, "Permission denied")


def test_a_socket_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    sink = Sink("-", standard=ours.fileno())
    sink.put([f"{n:04d} {'x' * 500}" for n in range(2000)])
    assert not sink.drain()
    theirs.setblocking(False)
    text = b""
    while not sink.drain():
        text += read_all(theirs.fileno())
    assert len((text + read_all(theirs.fileno())).splitlines()) == 2000
    sink.close()


def test_finish_gives_a_slow_reader_no_more_than_its_time(fifo: Path) -> None:
    reader = reader_of(fifo)
    sink = Sink(str(fifo))
    sink.put(["x" * 1000] * 200)
    sink.finish(0.01)
    assert sink.waiting
    sink.close(0.01)
    assert sink.lost > 0
    assert len(read_all(reader).splitlines()) + sink.lost == 200
