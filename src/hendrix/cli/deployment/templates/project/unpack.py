"""unpack.py ARCHIVE DIRECTORY...: put a project into this directory, and remove what only the one before it had.

Prints the names of what changed. What no archive has brought, as databases and uploads, is never touched.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tarfile
import tomllib
from collections.abc import Sequence

MANIFEST = ".hendrix/manifest"
REQUIREMENTS = ".hendrix/requirements.txt"


def main(archive: str, folders: Sequence[str]) -> None:
    for folder in (os.path.dirname(MANIFEST), *folders):
        os.makedirs(folder, mode=0o750, exist_ok=True)
    with tarfile.open(archive) as tar:
        members = {member.name: member for member in tar if not outside(member.name)}
        for name, member in members.items():
            content = content_of(tar, member)
            if old(name) != (content, member.mode if isinstance(content, bytes) else 0):
                put(name, content, member.mode)
                print(name)
    for name in sorted(before() - members.keys(), reverse=True):
        remove(name)
    requirements()
    write(MANIFEST, "\n".join(members).encode() + b"\n", 0o640)


def content_of(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes | str:
    """Or where it leads, if it is a link."""
    file = None if member.issym() else tar.extractfile(member)
    return file.read() if file else member.linkname


def outside(name: str) -> bool:
    return os.path.isabs(name) or ".." in name.split("/") or name.startswith(".hendrix/")


def old(name: str) -> tuple[bytes | str, int] | None:
    if os.path.islink(name):
        return os.readlink(name), 0
    try:
        with open(name, "rb") as file:
            return file.read(), os.stat(name).st_mode & 0o777
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def put(name: str, content: bytes | str, mode: int) -> None:
    folder = os.path.dirname(name)
    if folder:
        os.makedirs(folder, mode=0o750, exist_ok=True)
    if isinstance(content, bytes):
        write(name, content, mode)
        return
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name)
    os.symlink(content, name)


def write(name: str, content: bytes, mode: int) -> None:
    descriptor = os.open(name + ".hendrix", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.chmod(name + ".hendrix", mode)
    os.replace(name + ".hendrix", name)


def before() -> set[str]:
    try:
        with open(MANIFEST, encoding="utf-8") as file:
            return {name for name in file.read().split("\n") if name and not outside(name)}
    except FileNotFoundError:
        return set()


def remove(name: str) -> None:
    """And the directories that are empty then, but for what Python has compiled."""
    if not os.path.lexists(name):
        return
    os.unlink(name)
    print("removed", name)
    folder, file = os.path.split(name)
    compiled = os.path.join(folder, "__pycache__")
    for each in os.listdir(compiled) if os.path.isdir(compiled) else []:
        if each.startswith(os.path.splitext(file)[0] + ".cpython-"):
            os.unlink(os.path.join(compiled, each))
    with contextlib.suppress(OSError):  # not empty, or not there
        os.rmdir(compiled)
    with contextlib.suppress(OSError):
        os.removedirs(folder)


def requirements() -> None:
    """Those of pyproject.toml, as pip reads them without building the project."""
    try:
        with open("pyproject.toml", "rb") as file:
            needed = tomllib.load(file).get("project", {}).get("dependencies", [])
    except FileNotFoundError:
        needed = []
    write(REQUIREMENTS, "".join(f"{line}\n" for line in needed).encode(), 0o640)


if __name__ == "__main__":
    os.umask(0o027)
    main(sys.argv[1], sys.argv[2:])
