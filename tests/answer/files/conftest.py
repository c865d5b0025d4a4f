"""A root with files in it, and the layer before an application that only says that it was asked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hendrix.answer.files.entry import Entry
from hendrix.answer.files.place import Place
from hendrix.answer.files.source import Tree, Uploads
from hendrix.answer.files.table import FileTable
from hendrix.answer.static import serve_files
from tests.kit.stage import FakeExchange, request

#: When the files were written, unless a test writes them anew.
WRITTEN = 1_700_000_000


class Disk:
    """Runs what it is given at once, or when it is told to."""

    def __init__(self) -> None:
        self.held: list[tuple[Callable[[], object], Callable[[object], None]]] | None = None
        self.runs = 0
        self.full = False
        self.squeezed: list[str] = []

    def run(self, work: Callable[[], object], done: Callable[[object], None]) -> bool:
        if self.full:
            return False
        self.runs += 1
        if self.held is not None:
            self.held.append((work, done))
            return True
        try:
            found = work()
        except Exception as error:
            found = error
        done(found)
        return True

    def squeeze(self, entry: Entry, done: Callable[[], None]) -> None:
        self.squeezed.append(entry.name)

    def each_tick(self, call: Callable[[float], None]) -> None:
        self.tick = call

    def release(self) -> None:
        jobs, self.held = self.held or [], None
        for work, done in jobs:
            done(work())


class Stage:
    """``static`` at /static/, ``media`` at /media/."""

    def __init__(self, base: Path) -> None:
        self.static, self.media = base / "static", base / "media"
        self.static.mkdir()
        self.media.mkdir()
        self.disk = Disk()
        self.asked: list[bytes] = []
        self.claimed: set[str] = set()
        self.interval = 1.0
        self.memory = 1 << 20
        self._answer: Any = None

    def write(self, name: str, content: bytes | str = b"content", *, when: float = WRITTEN) -> Path:
        """A file, as of ``when``; the directories above are of that time too."""
        path = (self.static.parent / name).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.touch(path, when)
        return path

    def touch(self, path: Path, when: float) -> None:
        """The file and the directories above it are as of ``when``."""
        os.utime(path, (when, when))
        for above in path.parents:
            if above == self.static.parent:
                break
            os.utime(above, (when, when))

    def places(self) -> list[Place]:
        table = FileTable(str(self.static), self.interval).read()
        static = Place(
            name="static",
            prefixes=(b"/static/",),
            sources=[Tree(table)],
            interval=self.interval,
            cache_control="public, max-age=60",
            immutable=lambda name, _file: ".hash." in name,
            siblings=True,
            squeezed=True,
        )
        media = Place(
            name="media",
            prefixes=(b"/media/",),
            sources=[Uploads(str(self.media), links=False)],
            interval=self.interval,
            cache_control="no-cache",
            untrusted=True,
            claimed=lambda path: path in self.claimed,
        )
        return [static, media]

    def ask(self, target: str | bytes, *headers: str, method: str = "GET") -> FakeExchange:
        """Ask for ``target``; ``headers`` are lines."""
        pairs = [line.encode("latin-1").split(b": ", 1) for line in headers]
        raw = target if isinstance(target, bytes) else target.encode()
        exchange = FakeExchange(request(raw, *((n.lower(), v) for n, v in pairs), method=method))
        if self._answer is None:
            self._answer = serve_files(self.places(), self.disk, self.memory, self._application)
        self._answer(exchange)
        return exchange

    def _application(self, exchange: Any) -> None:
        self.asked.append(exchange.request.path)
        exchange.respond("404 Not Found", [], b"application")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let monotonic time pass: ``clock(seconds)``."""
    base, passed = time.monotonic(), [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: base + passed[0])

    def advance(seconds: float) -> None:
        passed[0] += seconds

    return advance
