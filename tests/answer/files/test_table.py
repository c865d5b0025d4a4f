"""The names below a root, kept true while files come, go and are renamed."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest

from hendrix.answer.files.table import FileTable, Unread

LONG_AGO = 1_000_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a.css", "css/b.css", "css/deep/c.css", ".hidden", ".git/config", ".well-known/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    for folder, _, _ in os.walk(tmp_path):
        os.utime(folder, (LONG_AGO, LONG_AGO))
    return tmp_path


@pytest.fixture
def table(root: Path) -> FileTable:
    return FileTable(str(root), 1.0).read()


def test_all_that_is_shown_is_known(table) -> None:
    assert len(table) == 4
    for name in ("a.css", "css/b.css", "css/deep/c.css", ".well-known/x"):
        assert table.has(name, 0.0)
    for name in ("b.css", "css", "css/deep", "nothing/here", ".hidden", ".git/config", "a.css/b"):
        assert not table.has(name, 0.0)


def test_what_was_added_is_found_when_the_directory_is_looked_at_again(table, root) -> None:
    assert not table.has("css/new.css", 10.0)
    (root / "css" / "new.css").write_text("x")
    assert not table.has("css/new.css", 10.5) and table.surely_lacks("css/new.css", 10.5)
    assert not table.surely_lacks("css/new.css", 11.0)
    assert table.has("css/new.css", 11.0)


def test_what_was_removed_or_renamed_is_gone(table, root) -> None:
    (root / "css" / "b.css").rename(root / "css" / "d.css")
    assert not table.has("css/b.css", 10.0) and table.has("css/d.css", 10.0)
    (root / "css" / "d.css").unlink()
    assert not table.has("css/d.css", 20.0)


def test_new_directories_are_found_however_deep(table, root) -> None:
    (root / "x" / "y" / "z").mkdir(parents=True)
    (root / "x" / "y" / "z" / "new.css").write_text("x")
    assert table.has("x/y/z/new.css", 10.0)


def test_a_directory_that_goes_and_comes_again(table, root) -> None:
    (root / "css").rename(root / "elsewhere")
    assert not table.has("css/b.css", 10.0)
    assert not table.has("css/deep/c.css", 10.0)
    (root / "elsewhere").rename(root / "css")
    assert table.has("css/b.css", 20.0) and table.has("css/deep/c.css", 20.0)


def test_another_directory_of_the_same_time_under_the_same_name(root, tmp_path_factory) -> None:
    """As where ``current`` is a link to the release that counts, and builds give all files one time."""
    other = tmp_path_factory.mktemp("release")
    (other / "css").mkdir()
    (other / "css" / "new.css").write_text("x")
    for folder in (other / "css", other):
        os.utime(folder, (LONG_AGO, LONG_AGO))
    current = tmp_path_factory.mktemp("site") / "current"
    current.symlink_to(root)
    table = FileTable(str(current), 1.0).read()
    current.unlink()
    current.symlink_to(other)
    assert table.has("css/new.css", 10.0) and not table.has("css/b.css", 10.0)
    assert not table.has("a.css", 10.0)


def test_a_root_that_comes_later(tmp_path) -> None:
    table = FileTable(str(tmp_path / "later"), 1.0).read()
    assert not table.has("a.css", 0.0)
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "a.css").write_text("x")
    assert table.has("a.css", 10.0)


def test_with_no_interval_every_change_is_seen_at_once(root) -> None:
    table = FileTable(str(root), 0.0).read()
    for number in range(20):
        assert not table.has(f"css/{number}.css", 5.0)
        (root / "css" / f"{number}.css").write_text("x")
        assert table.has(f"css/{number}.css", 5.0)
        (root / "css" / f"{number}.css").unlink()


def test_who_does_not_want_to_wait_is_told(table, root) -> None:
    assert table.has("css/b.css", 10.0, reading=False)
    assert not table.has("css/x.css", 10.0, reading=False)
    (root / "css" / "new.css").write_text("x")
    with pytest.raises(Unread):
        table.has("css/new.css", 20.0, reading=False)


def test_links_that_lead_back_are_not_followed_for_ever(root) -> None:
    (root / "loop").symlink_to(root)
    (root / "css" / "up").symlink_to(root / "css")
    table = FileTable(str(root), 1.0).read()
    assert table.has("a.css", 0.0)


def test_names_by_links_that_lead_back_have_an_end(root) -> None:
    """Else there are as many as a client likes to ask for, and each would be remembered."""
    (root / "a").symlink_to(root)
    (root / "b").symlink_to(root)
    (root / "css" / "up").symlink_to(root / "css")
    table = FileTable(str(root), 1.0).read()
    assert table.has("a/a.css", 0.0) and table.has("b/css/b.css", 0.0) and table.has("css/up/b.css", 0.0)
    ways = [f"{'/'.join(way)}/css/up/up/b.css" for length in range(1, 7) for way in product("ab", repeat=length)]
    assert [table.has(way, 0.0) for way in ways] == [False] * len(ways)
    assert len(table._folders) < 20
    (root / "css" / "new.css").write_text("x")
    assert table.has("a/css/new.css", 2.0) and table.has("b/css/up/new.css", 2.0)


def test_links_to_files_and_directories_count(root, tmp_path_factory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "linked.css").write_text("x")
    (root / "folder").symlink_to(other)
    (root / "file.css").symlink_to(other / "linked.css")
    table = FileTable(str(root), 1.0).read()
    assert table.has("folder/linked.css", 0.0) and table.has("file.css", 0.0)


def test_asking_for_what_is_not_there_reads_no_directory(table, monkeypatch) -> None:
    table.has("css/b.css", 10.0)

    def fail(_path: str) -> None:
        raise AssertionError("a directory was read")

    monkeypatch.setattr(os, "scandir", fail)
    for number in range(100):
        assert not table.has(f"no{number}/such/directory/a.css", 10.1)
        assert not table.has(f"css/no{number}.css", 10.1)
