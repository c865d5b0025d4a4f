"""A file through a transport that must see its bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hendrix.worker.readfile import FileReading
from tests.worker.loops import FakeLoop

CONTENT = bytes(range(256)) * 8192  # two megabytes


class Transport:
    """Takes ``room`` bytes without waiting, and the rest when it is told to."""

    def __init__(self, room: float = float("inf")) -> None:
        self.taken = b""
        self.waiting = b""
        self.room = room

    def write(self, data: bytes) -> None:
        if len(self.taken) + len(data) <= self.room:
            self.taken += data
        else:
            self.waiting += data

    def get_write_buffer_size(self) -> int:
        return len(self.waiting)

    def drain(self) -> None:
        self.taken, self.waiting = self.taken + self.waiting, b""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return path


def read(path: Path, transport: Transport, offset: int, count: int) -> tuple[FakeLoop, FileReading, list[object]]:
    loop, ends = FakeLoop(), []
    with path.open("rb") as file:
        reading = FileReading(loop, transport, file, offset, count, ends.append)
        loop.turn()
    return loop, reading, ends


def test_a_piece_of_it(path) -> None:
    transport = Transport()
    _loop, reading, ends = read(path, transport, 10, 20)
    assert transport.taken == CONTENT[10:30]
    assert ends == [None] and not reading.left


def test_all_of_it_takes_several_turns(path) -> None:
    transport, ends, loop = Transport(), [], FakeLoop()
    with path.open("rb") as file:
        FileReading(loop, transport, file, 0, len(CONTENT), ends.append)
        assert not ends and loop.soon
        loop.turn()
    assert transport.taken == CONTENT and ends == [None]


def test_it_waits_for_a_transport_that_is_behind(path) -> None:
    transport, ends, loop = Transport(room=200_000), [], FakeLoop()
    with path.open("rb") as file:
        reading = FileReading(loop, transport, file, 0, 500_000, ends.append)
        loop.turn()
        assert reading.left == 500_000 - 2 * 128 * 1024 and not ends
        while reading.left:
            transport.drain()
            reading.go_on()
        loop.turn()
    transport.drain()
    assert transport.taken == CONTENT[:500_000] and ends == [None]


def test_a_file_that_became_shorter(path) -> None:
    _loop, _reading, ends = read(path, Transport(), len(CONTENT) - 10, 20)
    assert isinstance(ends[0], OSError) and len(ends) == 1


def test_a_file_that_was_closed(path) -> None:
    transport, ends, loop = Transport(room=0), [], FakeLoop()
    with path.open("rb") as file:
        reading = FileReading(loop, transport, file, 0, len(CONTENT), ends.append)
    reading.go_on()
    assert isinstance(ends[0], OSError)


def test_nothing_more_once_it_is_cancelled(path) -> None:
    transport, ends, loop = Transport(room=0), [], FakeLoop()
    with path.open("rb") as file:
        reading = FileReading(loop, transport, file, 0, len(CONTENT), ends.append)
        reading.cancel()
        transport.drain()
        reading.go_on()
    assert len(transport.taken) == 128 * 1024 and not ends
