"""Files in their place: whole or not at all, and nothing of anybody else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hendrix.cli.units.placing import MARK, Placed, place, remove
from hendrix.core.errors import HendrixError


def placed(path: Path, text: str = "one", mode: int = 0o644) -> Placed:
    return Placed(str(path), mode, f"# {MARK}\n{text}\n")


def test_what_is_so_already_is_left(tmp_path: Path) -> None:
    file = placed(tmp_path / "etc/deep/a.service")
    assert list(place([file])) == [file.path]
    before = os.stat(file.path)
    assert list(place([file])) == []
    assert os.stat(file.path).st_ino == before.st_ino
    assert list(place([placed(tmp_path / "etc/deep/a.service", "two")])) == [file.path]
    os.chmod(file.path, 0o600)
    assert list(place([placed(tmp_path / "etc/deep/a.service", "two")])) == [file.path]
    assert os.stat(file.path).st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path / "etc/deep") == ["a.service"], "nothing half-done is left"


@pytest.mark.parametrize("kind", ["file", "link", "binary"])
def test_strange_files_stop_it_before_anything_is_written(tmp_path: Path, kind: str) -> None:
    strange = tmp_path / "b.service"
    if kind == "link":
        (tmp_path / "elsewhere").write_text(f"# {MARK}\n")
        strange.symlink_to(tmp_path / "elsewhere")
    else:
        strange.write_bytes(b"[Unit]\n" if kind == "file" else b"\xff\xfe")
    with pytest.raises(HendrixError, match="was not made by hx"):
        list(place([placed(tmp_path / "a.service"), placed(strange)]))
    assert not (tmp_path / "a.service").exists()
    with pytest.raises(HendrixError, match="was not made by hx"):
        list(remove([str(strange)]))
    assert strange.exists()


def test_removing(tmp_path: Path) -> None:
    file = placed(tmp_path / "a.service")
    list(place([file]))
    assert list(remove([file.path, str(tmp_path / "never.there")])) == [file.path]
    assert not os.path.exists(file.path)
