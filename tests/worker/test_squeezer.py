"""Static files compressed in the background: once, beside the file or in memory, and never what is not worth it."""

from __future__ import annotations

import os
import queue
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from hendrix.answer.files.entry import Entry, build
from hendrix.answer.files.place import Place
from hendrix.answer.files.source import Tree
from hendrix.answer.files.table import FileTable
from hendrix.worker import squeezer as module
from hendrix.worker.squeezer import Squeezer
from tests.kit.live import until

CSS = b"a { color: red }\n" * 200
LONG_AGO = 1_700_000_000


class Loop:
    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> None:
        self.calls.put(lambda: callback(*args))

    def turn(self) -> None:
        """Wait for one call from the thread, and run it."""
        self.calls.get(timeout=20)()


class Stage:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.loop = Loop()
        self.squeezer = Squeezer(self.loop)
        self.done: list[str] = []
        self.place = Place(
            name="static",
            prefixes=(b"/static/",),
            sources=[Tree(FileTable(str(root), 0.0).read())],
            interval=0.0,
            cache_control="no-cache",
            siblings=True,
            squeezed=True,
        )

    def entry(self, name: str, content: bytes = CSS) -> Entry:
        (self.root / name).write_bytes(content)
        os.utime(self.root / name, (LONG_AGO, LONG_AGO))
        found = build(self.place, name, 0.0)
        assert found is not None
        return found

    def squeeze(self, entry: Entry) -> None:
        self.squeezer(entry, lambda: self.done.append(entry.name))
        self.loop.turn()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_siblings_beside_the_file(stage) -> None:
    entry = stage.entry("a.css")
    assert entry.squeezable
    stage.squeeze(entry)
    assert sorted(os.listdir(stage.root)) == ["a.css", "a.css.br", "a.css.gz", "a.css.zst"]
    assert stage.done == ["a.css"]
    again = build(stage.place, "a.css", 1.0)
    assert again is not None and not again.squeezable
    assert set(again.representations) == {"identity", "br", "zstd", "gzip"}


def test_in_memory_where_they_cannot_be_stored(stage, monkeypatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    stage.squeeze(stage.entry("a.css"))
    assert os.listdir(stage.root) == ["a.css"] and stage.done == ["a.css"]
    again = build(stage.place, "a.css", 1.0)
    assert again is not None and again.chosen(b"br").coding == "br"


def test_what_is_in_memory_is_not_given_for_another_content(stage, monkeypatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    stage.squeeze(stage.entry("a.css"))
    assert set(stage.entry("a.css", CSS * 2).representations) == {"identity"}


def test_memory_is_bounded(stage, monkeypatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(module, "_MOST_KEPT", 150)
    for number in range(10):
        stage.squeeze(stage.entry(f"{number}.css"))
    assert sum(len(kept.data) for kept in stage.place.kept.values()) <= 150


def test_each_state_of_a_file_once(stage) -> None:
    entry = stage.entry("noise.css", os.urandom(3000))
    stage.squeeze(entry)
    stage.squeezer(entry, lambda: None)
    assert stage.loop.calls.empty() and not stage.done
    assert os.listdir(stage.root) == ["noise.css"]
    stage.squeeze(stage.entry("noise.css", CSS))
    assert stage.done == ["noise.css"]


def test_what_another_worker_has_made_meanwhile_is_not_made_again(stage, monkeypatch) -> None:
    entry = stage.entry("a.css")
    for end in (".br", ".gz", ".zst"):
        (stage.root / f"a.css{end}").write_bytes(b"of another")
    monkeypatch.setattr(module, "squeezed", lambda *_: 1 / 0)
    stage.squeeze(entry)
    assert stage.done == ["a.css"], "what is at hand is built anew, with them"
    assert (stage.root / "a.css.br").read_bytes() == b"of another"


def test_a_file_that_has_gone(stage) -> None:
    entry = stage.entry("a.css")
    (stage.root / "a.css").unlink()
    stage.squeeze(entry)
    assert not stage.done


def test_a_failure_is_not_the_end(stage, monkeypatch) -> None:
    monkeypatch.setattr(module, "coders", lambda: 1 / 0)
    stage.squeeze(stage.entry("a.css"))
    monkeypatch.undo()
    stage.squeeze(stage.entry("b.css"))
    assert stage.done == ["b.css"]


def test_a_thread_that_waits_holds_nothing_of_what_it_compressed_last(stage) -> None:
    class Done:
        def __call__(self) -> None:
            stage.done.append("called")

    done = Done()
    gone = weakref.ref(done)
    stage.squeezer(stage.entry("a.css"), done)
    del done
    stage.loop.turn()
    assert stage.done == ["called"]
    until(lambda: gone() is None, "the thread to let go of it", 20)
