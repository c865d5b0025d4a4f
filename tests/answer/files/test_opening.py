"""Files opened so that nothing but a regular file below the root is sent, whatever happens meanwhile."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from hendrix.answer.files.opening import open_beneath, open_file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "c.txt").write_text("content")
    return root


def opened(root: Path, name: str) -> bytes | None:
    file = open_beneath(str(root), name)
    return None if file is None else file.read()


def test_a_file(root) -> None:
    assert opened(root, "a/b/c.txt") == b"content"


@pytest.mark.parametrize("name", ["a", "a/b", "x", "a/x", "a/b/c.txt/d", "a\0b", "a/" + "x" * 300])
def test_no_file(root, name) -> None:
    assert opened(root, name) is None


def test_no_link_is_followed(root) -> None:
    (root / "out").symlink_to(root.parent / "secret")
    (root / "relative").symlink_to("../secret")
    (root / "folder").symlink_to(root.parent)
    (root / "inside").symlink_to("a/b/c.txt")
    for name in ("out", "relative", "folder/secret", "inside"):
        assert opened(root, name) is None


def test_the_root_itself_may_be_a_link(root) -> None:
    (root.parent / "link").symlink_to(root)
    assert opened(root.parent / "link", "a/b/c.txt") == b"content"


def test_a_pipe_does_not_hold_and_is_no_file(root) -> None:
    os.mkfifo(root / "pipe")
    assert opened(root, "pipe") is None
    assert open_file(str(root / "pipe")) is None


def test_a_device_is_no_file() -> None:
    assert open_file("/dev/null") is None
    assert open_file("/dev/zero") is None


def test_it_is_closed_when_nobody_has_it(root) -> None:
    file = open_beneath(str(root), "a/b/c.txt")
    assert file is not None
    fd = file.fileno()
    del file
    with pytest.raises(OSError):
        os.fstat(fd)


def test_descriptors_of_directories_are_closed(root) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for name in ("a/b/c.txt", "a/b/none", "a/none/x", "none"):
        for _ in range(20):
            opened(root, name)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_directory_swapped_for_a_link_meanwhile_lets_nothing_out(root) -> None:
    """Somebody who can write below the root changes it under us, as fast as can be."""
    outside = root.parent / "outside"
    (outside / "b").mkdir(parents=True)
    (outside / "b" / "c.txt").write_text("secret")
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            (root / "a").rename(root / "kept")
            (root / "a").symlink_to(outside)
            (root / "a").unlink()
            (root / "kept").rename(root / "a")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        found = {opened(root, "a/b/c.txt") for _ in range(3000)}
    finally:
        over.set()
        thread.join()
    assert found <= {b"content", None}
    assert opened(root, "a/b/c.txt") == b"content"
