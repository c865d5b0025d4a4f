"""A real watcher process, with watchfiles, without it, and where the kernel refuses to watch: the same is found.

That nothing is told cannot be waited for. So what must not matter is followed by a change of the *fence*, a file that
does: whatever was told until that is told is all there was.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import sys
import time
from pathlib import Path

import pytest

from hendrix.core import events
from hendrix.core.control import Changed, Decoder, Watch, encode
from hendrix.supervisor import process, scope
from hendrix.supervisor.alarm import Alarm
from hendrix.supervisor.ledger import SMALL
from hendrix.supervisor.watch import MOST_NAMES, watch
from tests.kit.live import until

PATIENCE = 20.0


class Eye:
    """The supervisor's end."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self._fence = folder / "fence"
        self._count = 0
        self._decoder = Decoder()
        self.pid, self._socket = process.start("hendrix: watcher", watch, lambda: None)
        self.messages: list[list[str]] = []

    def asks(self, *files: Path | str, roots: tuple[Path, ...] | None = None) -> None:
        """Watch these; returns when it does."""
        names = [os.fspath(name) for name in (*files, self._fence)]
        self.says(Watch(names, [os.fspath(root) for root in ((self.root,) if roots is None else roots)]))
        self.told()

    def says(self, message: Watch) -> None:
        self._socket.sendall(encode(message))

    def told(self) -> list[list[str]]:
        """All that was told until the fence is. It is moved again and again, as one may come before the watch."""
        deadline = time.monotonic() + PATIENCE
        since, self.messages = 0, []
        while not any(str(self._fence) in names for names in self.messages[since:]):
            assert time.monotonic() < deadline, self.messages
            self._count += 1
            self._fence.write_text(str(self._count))
            if select.select([self._socket], [], [], 0.15)[0]:
                self.receive()
        others = [[name for name in names if name != str(self._fence)] for names in self.messages]
        return [names for names in others if names]

    def receive(self) -> None:
        data = self._socket.recv(1 << 16)
        assert data, "the watcher ended"
        for message, _ in self._decoder.feed(data, []):
            assert isinstance(message, Changed)
            self.messages.append(message.files)

    def names(self) -> set[str]:
        return {name for names in self.told() for name in names}

    def hears(self, *paths: Path | str) -> None:
        """Exactly these have changed."""
        wanted = {os.fspath(path) for path in paths}
        found: set[str] = set()

        def complete() -> bool:
            found.update(self.names())
            return wanted <= found

        until(complete, f"{sorted(wanted)}, not {sorted(found)}")
        assert found == wanted

    def hears_nothing(self) -> None:
        assert self.told() == []

    def write(self, name: str, text: str = "x = 1\n") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def end(self) -> int:
        self._socket.close()
        return os.waitpid(self.pid, 0)[1]


@pytest.fixture(params=["watchfiles", "poller"])
def eye(request, tmp_path, monkeypatch):
    if request.param == "poller":
        monkeypatch.setitem(sys.modules, "watchfiles._rust_notify", None)
    else:
        pytest.importorskip("watchfiles")
    monkeypatch.setattr("hendrix.supervisor.watch.POLL", 0.05)  # tests look often
    eye = Eye(tmp_path)
    try:
        yield eye
    finally:
        assert eye.end() == 0


# --- what counts ---------------------------------------------------------------------------------------------


def test_written_made_moved_removed(eye):
    one, two = eye.write("one.py"), eye.write("two.py")
    eye.asks()
    one.write_text("x = 2\n")
    eye.hears(one)
    three = eye.write("three.py")
    eye.hears(three)
    two.rename(four := eye.root / "four.py")
    eye.hears(two, four)
    one.unlink()
    eye.hears(one)


def test_a_file_that_is_named_wherever_it_is(eye, tmp_path):
    away = tmp_path / ".venv" / "lib" / "site-packages" / "thing" / "__init__.py"
    away.parent.mkdir(parents=True)
    away.write_text("x = 1")
    beside = away.parent / "other.py"
    eye.asks(away, roots=())
    beside.write_text("not asked for")
    away.write_text("x = 2")
    eye.hears(away)


def test_a_file_that_is_not_there_yet(eye, tmp_path):
    env, deep = eye.root / ".env", tmp_path / "not" / "there" / "module.py"
    eye.asks(env, deep)
    env.write_text("A=1")
    eye.hears(env)
    deep.parent.mkdir(parents=True)
    deep.write_text("x = 1")
    eye.hears(deep)
    env.unlink()
    eye.hears(env)


def test_new_directories(eye):
    eye.asks()
    first = eye.write("shop/views.py")
    eye.hears(first)
    second = eye.write("shop/deep/deeper/still/models.py")
    eye.hears(second)
    second.write_text("x = 2")
    eye.hears(second)
    shutil.rmtree(eye.root / "shop")
    eye.hears(first, second)


def test_a_directory_that_is_moved(eye):
    old = eye.write("shop/views.py")
    eye.asks()
    (eye.root / "shop").rename(eye.root / "store")
    new = eye.root / "store" / "views.py"
    eye.hears(old, new)
    new.write_text("x = 3")
    eye.hears(new)


def test_trees(eye):
    page = eye.write("shop/templates/shop/page.html")
    compiled = eye.write("locale/de/LC_MESSAGES/django.mo")
    source = eye.write("locale/de/LC_MESSAGES/django.po")
    data = eye.write("shop/data.html")
    eye.asks(f"{eye.root}/shop/templates/**/*", f"{eye.root}/locale/**/*.mo", f"{eye.root}/later/**/*")
    for path in (page, compiled, source, data):
        path.write_text("changed")
    eye.hears(page, compiled)
    mail = eye.write("shop/templates/mail/new.txt")
    later = eye.write("later/page.html")
    eye.hears(mail, later)


def test_an_editors_write_and_rename(eye):
    view = eye.write("views.py")
    eye.asks()
    backup, fresh = eye.root / "views.py~", eye.root / "4913"
    fresh.write_text("")
    fresh.unlink()
    view.rename(backup)
    view.write_text("x = 2")
    backup.unlink()
    assert eye.told() == [[str(view)]]
    new = eye.root / ".views.py.tmp"
    new.write_text("x = 3")
    new.replace(view)
    assert eye.told() == [[str(view)]]


def test_a_link_that_is_turned(eye, tmp_path):
    """As Kubernetes replaces the files of a ConfigMap: nothing happens in the directory of the file."""
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "env").write_text(f"A={name}")
    (tmp_path / "data").symlink_to("a")
    (eye.root / ".env").symlink_to(tmp_path / "data" / "env")
    eye.asks(eye.root / ".env")
    (tmp_path / "next").symlink_to("b")
    (tmp_path / "next").rename(tmp_path / "data")
    eye.hears(eye.root / ".env")


# --- what does not -------------------------------------------------------------------------------------------

NOISE = [
    "views.py~",
    ".views.py.swp",
    "4913",
    ".#views.py",
    "#views.py#",
    "views.py___jb_tmp___",
    ".hidden.py",
    "views.pyc",
    "__pycache__/views.cpython-311.pyc",
    "__pycache__/stray.py",
    ".git/hooks/hook.py",
    ".git/HEAD",
    "node_modules/gyp/gyp.py",
    ".venv/lib/python3.11/site-packages/a.py",
    "db.sqlite3",
    "db.sqlite3-journal",
    "debug.log",
    "media/upload.png",
    "static/app.css",
    "README.md",
]


def test_noise(eye):
    view = eye.write("views.py")
    eye.write("env/pyvenv.cfg")
    inside = eye.write("env/lib/module.py")
    names = [*NOISE, *(f"templates/{name}" for name in NOISE if "/" not in name and name != "README.md")]
    for name in names[::2]:
        eye.write(name)
    eye.asks(f"{eye.root}/templates/**/*")
    for name in names:
        eye.write(name, "changed")
    inside.write_text("changed")
    eye.write("env/lib/made/new.py")
    eye.hears_nothing()
    view.write_text("x = 2")
    eye.hears(view)


def test_the_same_content(eye):
    view = eye.write("views.py")
    eye.asks()
    view.touch()
    os.utime(view, (1, 1))
    eye.hears_nothing()
    view.write_text(view.read_text())
    eye.hears_nothing()
    copy = eye.root / "views.tmp"
    shutil.copyfile(view, copy)
    copy.replace(view)
    eye.hears_nothing()
    view.chmod(0o600)
    view.read_bytes()
    list(eye.root.iterdir())
    eye.hears_nothing()
    view.write_text("x = 2\n")
    eye.hears(view)


def test_the_same_size_and_time(eye):
    view = eye.write("views.py", "x = 1\n")
    eye.asks()
    before = view.stat()
    view.write_text("x = 2\n")
    os.utime(view, ns=(before.st_atime_ns, before.st_mtime_ns))
    eye.hears(view)


def test_large_files_are_not_read(eye):
    large = eye.write("large.py", "#" * (SMALL + 1))
    eye.asks()
    os.utime(large, (1, 1))
    eye.hears(large)


def test_a_named_pipe_is_not_opened(eye):
    pipe = eye.root / ".env"
    os.mkfifo(pipe)
    view = eye.write("views.py")
    eye.asks(pipe)
    pipe.unlink()
    os.mkfifo(pipe)
    view.write_text("x = 2")
    eye.hears(view)


# --- how it is told ------------------------------------------------------------------------------------------


def test_a_burst_is_one_message(eye):
    files = [eye.write(f"package{number % 25}/module{number}.py") for number in range(500)]
    eye.asks()
    for path in files:
        path.write_text("x = 2")
    until(lambda: select.select([eye._socket], [], [], PATIENCE)[0], "a message")
    messages = eye.told()
    names = [name for message in messages for name in message]
    assert len(messages) < 10, "a slow disk may make some bursts of one, never one for each file"
    assert set(names) <= set(map(str, files))
    assert all(len(message) <= MOST_NAMES for message in eye.messages)


def test_it_is_told_at_once(eye, capsys):
    view = eye.write("views.py")
    eye.asks()
    took = []
    for number in range(5):
        began = time.monotonic()
        view.write_text(f"x = 1{number}")
        assert select.select([eye._socket], [], [], PATIENCE)[0]
        took.append(time.monotonic() - began)
        eye.hears(view)
    with capsys.disabled():
        print(f"\n    told after {sorted(took)[2] * 1000:.0f} ms")
    assert min(took) < 1.5


def test_names_that_are_no_text(eye):
    strange = Path(os.fsdecode(os.fsencode(eye.root) + b"/caf\xe9.py"))
    lines = eye.root / 'two\nlines " of.py'
    eye.asks(eye.root / "not\nthere", "relative.py", "", "/nul\0byte")
    strange.write_text("x = 1")
    lines.write_text("x = 1")
    eye.hears(strange, lines)
    inside = Path(os.fsdecode(os.fsencode(eye.root) + b"/d\xe9p\xf4t/a.py"))
    inside.parent.mkdir()
    inside.write_text("x = 1")
    eye.hears(inside)


def test_each_watch_replaces_the_one_before(eye, tmp_path):
    (tmp_path / "other").mkdir()
    here, there = eye.write("here.py"), tmp_path / "other" / "there.py"
    eye.asks()
    eye.asks(roots=(tmp_path / "other",))
    here.write_text("x = 2")
    there.write_text("x = 2")
    eye.hears(there)


def test_a_change_just_before_a_watch_is_not_lost(eye):
    view = eye.write("views.py")
    eye.asks()
    view.write_text("x = 2")
    eye.says(Watch([str(eye._fence)], [str(eye.root)]))
    eye.hears(view)


@pytest.mark.parametrize(("age", "heard"), [(-1, True), (1, False)])
def test_a_file_of_an_unknown_kind_that_was_saved_before_the_watch(eye, age, heard):
    """``.env``, or a template: it counts unless it had been saved when the project began to load."""
    view = eye.write("views.py")
    eye.asks()
    env = eye.write(".env")
    since = os.stat(env).st_ctime_ns + age
    eye.says(Watch([str(env), str(eye._fence)], [str(eye.root)], since))
    view.write_text("x = 2")
    eye.hears(*([env] if heard else []), view)


def test_a_long_list(eye):
    view = eye.write("views.py")
    eye.asks(*(f"/nowhere/{'x' * 80}/{number}.py" for number in range(3000)), view)
    view.write_text("x = 2")
    eye.hears(view)


def test_roots_that_overlap_or_are_gone(eye, tmp_path):
    view = eye.write("shop/views.py")
    eye.asks(f"{eye.root}/shop/**/*", roots=(eye.root / "shop", eye.root, tmp_path / "nowhere"))
    view.write_text("x = 2")
    eye.hears(view)
    shutil.rmtree(eye.root)
    eye.hears(view)
    again = eye.write("shop/again.py")
    eye.hears(again)


def test_it_ends_with_its_channel(tmp_path):
    eye = Eye(tmp_path)
    assert eye.end() == 0


def test_it_ends_with_its_channel_while_watching(tmp_path):
    eye = Eye(tmp_path)
    eye.asks()
    eye._socket.shutdown(socket.SHUT_RDWR)
    assert eye.end() == 0


def test_a_kernel_that_watches_no_more(tmp_path, monkeypatch):
    pytest.importorskip("watchfiles")

    def refuse(alarm, directories):
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(Alarm, "watch", refuse)
    eye = Eye(tmp_path)
    view = eye.write("views.py")
    eye.asks()
    view.write_text("x = 2")
    eye.hears(view)
    assert eye.end() == 0


def test_a_huge_tree_is_looked_at_as_far_as_it_is_near(tmp_path, monkeypatch):
    monkeypatch.setattr(scope, "MOST_DIRECTORIES", 4)
    said = []
    listener = lambda name, level, facts: said.append(name)  # noqa: E731
    events.listen(listener)
    for name in ("near.py", "a/near.py", "b/near.py", "c/near.py", "a/far/far.py", "b/far/far.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for _ in range(2):
        seen = scope.Scope(roots=[str(tmp_path)]).look()
        assert {Path(path).name for path in seen.files} == {"near.py"} and len(seen.files) == 4
    events.forget(listener)
    assert said == ["watch.too_large"]
