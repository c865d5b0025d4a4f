"""Applications that answer with files."""

from __future__ import annotations

import gzip
import io
import tempfile
from collections.abc import Callable
from typing import Any

from stage import TEXT, Environ, journal, named


class Watched(io.FileIO):
    """A file that notes in the journal that it was read by Python, and that it was closed."""

    key = ""

    def read(self, size: int = -1) -> bytes:  # type: ignore[override]
        journal[self.key].append("read")
        return super().read(size)

    def close(self) -> None:
        if not self.closed:
            journal[self.key].append("closed")
        super().close()


@named
def file(environ: Environ, start_response: Any) -> Any:
    """``X-File`` by the file wrapper, from ``X-Offset``; ``X-Length`` states a length."""
    length = environ.get("HTTP_X_LENGTH")
    opened = Watched(environ["HTTP_X_FILE"])
    opened.key = environ["QUERY_STRING"]
    opened.seek(int(environ.get("HTTP_X_OFFSET", 0)))
    start_response("200 OK", TEXT + ([("Content-Length", length)] if length else []))
    return environ["wsgi.file_wrapper"](opened, 65536)


@named
def like_file(environ: Environ, start_response: Any) -> Any:
    which = environ["PATH_INFO"].split("/")[2]
    packed = tempfile.NamedTemporaryFile(suffix=".gz")  # noqa: SIM115 - the server closes what it sends
    packed.write(gzip.compress(b"unpacked" * 1000))
    packed.flush()
    plain = tempfile.NamedTemporaryFile()  # noqa: SIM115
    plain.write(b"temporary")
    plain.seek(0)
    files: dict[str, Callable[[], Any]] = {
        "bytes": lambda: io.BytesIO(b"in memory"),
        "gzip": lambda: gzip.open(packed.name),  # noqa: SIM115
        "named": lambda: plain,
        "empty": tempfile.TemporaryFile,
        "iterable": lambda: OnlyRead(b"only read"),
    }
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](files[which]())


class OnlyRead:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, _size: int) -> bytes:
        data, self._data = self._data, b""
        return data
