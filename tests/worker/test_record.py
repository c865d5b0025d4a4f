"""Which requests the access log has, and which it leaves out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hendrix.core.config import Config
from hendrix.core.http import Origin, Request
from hendrix.observe import journal
from hendrix.worker.record import Recorder
from tests.observe.journal_reading import FakeJournal

Record = Callable[..., list[str]]


def exchange(path: str, status: str, request_id: str, began: float) -> Any:
    target = path.encode()
    request = Request("GET", target, target, b"", "1.1", (), b"h")
    origin = Origin(("192.0.2.1", 1), ("192.0.2.2", 80), "http")
    return SimpleNamespace(
        request=request, origin=origin, status=status, sent=2, request_id=request_id, headers=[], began=began
    )


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    found = asyncio.new_event_loop()
    yield found
    found.close()


@pytest.fixture
def record(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> Record:
    def recorded(*answers: tuple[str, str, str, float], **options: Any) -> list[str]:
        path = tmp_path / "access.log"
        recorder = Recorder(Config(access_log="%(U)s %(s)s %(i)s", access_logfile=str(path), **options), loop)
        for path_, status, request_id, seconds in answers:
            recorder.record(exchange(path_, status, request_id, 100.0), 100.0 + seconds)
        recorder.close()
        return path.read_text().splitlines()

    return recorded


def test_health_checks_are_left_out_unless_they_failed(record: Record) -> None:
    answers = (("/up", "200 OK", "a", 0.0), ("/up", "503 Service Unavailable", "b", 0.0), ("/", "200 OK", "c", 0.0))
    assert record(*answers) == ["/up 503 b", "/ 200 c"]


def test_they_are_there_for_who_asks(record: Record) -> None:
    assert record(("/up", "200 OK", "a", 0.0), access_log_health=True) == ["/up 200 a"]


def test_another_health_path_is_another(record: Record) -> None:
    assert record(("/up", "200 OK", "a", 0.0), ("/alive", "200 OK", "b", 0.0), health_path="/alive") == ["/up 200 a"]


def test_of_a_share_of_nothing_there_are_errors_and_what_was_slow(record: Record) -> None:
    answers = (
        ("/", "200 OK", "a", 0.1),
        ("/", "500 Internal Server Error", "b", 0.1),
        ("/", "200 OK", "c", 2.5),
        ("/", "404 Not Found", "d", 0.1),
    )
    assert record(*answers, access_log_sample=0.0, slow_request=2.0) == ["/ 500 b", "/ 200 c"]


def test_a_share_is_of_the_access_log_only(record: Record, capfd: pytest.CaptureFixture[str]) -> None:
    assert record(("/", "200 OK", "a", 0.1), access_log_sample=0.0, loud=True) == []
    assert "Response [200]" in capfd.readouterr().out


def test_in_the_journal_a_line_has_the_id_among_its_fields(
    tmp_path: Path, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeJournal(tmp_path / "journal")
    facts = os.fstat(1)
    monkeypatch.setattr(journal, "PLACE", fake.path)
    monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino}")
    recorder = Recorder(Config(access_log="%(U)s %(s)s"), loop)
    for number in range(300):  # more than it takes at once: the others go to standard output
        recorder.record(exchange("/", "502 Bad Gateway", f"r-{number}", 100.0), 100.5)
    first, *others = fake.entries()
    assert 0 < len(others) < 299
    assert first["MESSAGE"] == b"/ 502" and first["PRIORITY"] == b"4" and first["HENDRIX_EVENT"] == b"access"
    assert first["HENDRIX_REQUEST_ID"] == b"r-0" and first["HENDRIX_REQUEST"] == b"GET /"
    assert first["HENDRIX_SECONDS"] == b"0.500000"
    recorder.close()
    fake.close()


@pytest.mark.parametrize("options", [{"log_format": "text"}, {"access_logfile": "FILE"}])
def test_not_for_who_asks_for_lines(
    options: dict[str, str], tmp_path: Path, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeJournal(tmp_path / "journal")
    facts = os.fstat(1)
    monkeypatch.setattr(journal, "PLACE", fake.path)
    monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino}")
    given = {name: value.replace("FILE", str(tmp_path / "a.log")) for name, value in options.items()}
    recorder = Recorder(Config(access_log="combined", **given), loop)
    recorder.record(exchange("/", "200 OK", "a", 100.0), 100.5)
    recorder.close()
    assert fake.entries() == []
    fake.close()
