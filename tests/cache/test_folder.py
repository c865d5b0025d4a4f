"""The folder that the workers of a server share: private, found again, and gone when it is over."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from hendrix.cache import folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_home", lambda: str(tmp_path))
    monkeypatch.setattr(folder, "_here", [])
    return tmp_path


def test_it_is_ours_alone_and_goes_with_us(home) -> None:
    folder.begin()
    path = folder.made()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    assert folder.made() == path
    folder.end()
    assert list(home.iterdir()) == []


def test_the_same_process_finds_it_again(home) -> None:
    """After a restart, which executes the program anew under the same pid."""
    first = folder.begin()
    folder.made()
    folder._here.clear()
    assert folder.begin() == first
    assert os.path.isdir(first)


def test_what_a_dead_server_left_is_swept_away(home) -> None:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    (home / f"hendrix-cache-{done.stdout.strip()}-12345").mkdir()
    (home / f"hendrix-cache-{os.getpid()}-1").mkdir()
    alive = home / f"hendrix-cache-{os.getppid()}-{folder._began(os.getppid())}"
    alive.mkdir()
    other = home / "hendrix-cache-notes"
    other.mkdir()
    folder.begin()
    assert sorted(home.iterdir()) == sorted([alive, other])


def test_somebody_else_s_is_not_used(home) -> None:
    path = folder.begin()
    os.mkdir(path, 0o755)
    os.chmod(path, 0o755)
    with pytest.raises(PermissionError, match="remove it"):
        folder.made()
