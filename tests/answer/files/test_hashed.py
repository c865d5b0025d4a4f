"""Names that hold the hash of their content."""

from __future__ import annotations

import hashlib

import pytest

from hendrix.answer.files.hashed import is_named_by_content
from hendrix.answer.files.opening import open_file

CONTENT = b"body { color: red }"
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def judged(tmp_path, name: str) -> bool:
    path = tmp_path / name
    path.write_bytes(CONTENT)
    file = open_file(str(path))
    assert file is not None
    return is_named_by_content(name, file)


@pytest.mark.parametrize(
    "name", [f"a.{MD5[:12]}.css", f"a-{SHA256[:20]}.css", f"a_{SHA256}.min.css", f"a.{MD5[:8]}.js"]
)
def test_certain(tmp_path, name) -> None:
    assert judged(tmp_path, name)


@pytest.mark.parametrize(
    "name", ["a.css", f"a.{MD5[:7]}.css", "a.20261124.css", "a.0123456789ab.css", f"{MD5}.css", f"a.{MD5[:12]}"]
)
def test_not_certain(tmp_path, name) -> None:
    assert not judged(tmp_path, name)


def test_it_is_read_once(tmp_path, monkeypatch) -> None:
    """Who asks for it again and again by ever other spellings must not have it hashed each time."""
    name = f"b.{MD5[:12]}.css"
    assert judged(tmp_path, name)
    file = open_file(str(tmp_path / name))
    assert file is not None
    monkeypatch.setattr(type(file), "read", lambda _self: 1 / 0)
    assert is_named_by_content(name, file)
    monkeypatch.undo()
    (tmp_path / name).write_bytes(b"of another size")
    changed = open_file(str(tmp_path / name))
    assert changed is not None and not is_named_by_content(name, changed)
