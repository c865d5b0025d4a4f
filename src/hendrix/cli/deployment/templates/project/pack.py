"""pack.py DIRECTORY ARCHIVE PATTERN...: the project as an archive, which has the same bytes where nothing changed."""

from __future__ import annotations

import fnmatch
import gzip
import io
import os
import sys
import tarfile
from collections.abc import Iterable, Iterator


def main(source: str, archive: str, patterns: list[str]) -> None:
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for path in sorted(found(source, "", patterns)):
            add(tar, source, path)
    if old(archive) != made.getvalue():
        descriptor = os.open(archive + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(made.getvalue())
        os.replace(archive + ".new", archive)


def found(source: str, below: str, patterns: Iterable[str]) -> Iterator[str]:
    for entry in os.scandir(os.path.join(source, below)):
        path = os.path.join(below, entry.name)
        if any(fnmatch.fnmatchcase(name, pattern) for name in (entry.name, path) for pattern in patterns):
            continue
        if entry.is_symlink() or entry.is_file():
            yield path
        elif entry.is_dir() and not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
            yield from found(source, path, patterns)


def add(tar: tarfile.TarFile, source: str, path: str) -> None:
    """With nothing in it that differs between two machines."""
    info = tar.gettarinfo(os.path.join(source, path), path)
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    info.mode = 0o750 if info.mode & 0o100 else 0o640
    if info.issym():
        tar.addfile(info)
    else:
        info.type = tarfile.REGTYPE  # and no hard link
        info.size = os.path.getsize(os.path.join(source, path))
        with open(os.path.join(source, path), "rb") as file:
            tar.addfile(info, file)


def old(archive: str) -> bytes | None:
    try:
        with open(archive, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
