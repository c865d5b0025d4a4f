"""A request as a WSGI environment, without a server (the whole of it is in tests/behaviour)."""

from __future__ import annotations

import threading
from io import BytesIO

import pytest

from hendrix.answer.environ import ErrorStream, base_environ, build_environ, id_key
from hendrix.core.events import forget, listen
from tests.kit.stage import PEER, request


def build(target: bytes = b"/", *headers: tuple[bytes, bytes], body: bytes = b"", length: int = 0, key: str = ""):
    base = base_environ(multiprocess=False, software="hendrix", file_wrapper=list)
    made = request(target, *headers, length=length)
    return build_environ(base, key, made, PEER, BytesIO(body), "id-1")


def test_the_base_is_not_changed() -> None:
    base = base_environ(multiprocess=True, software="hendrix", file_wrapper=list)
    before = dict(base)
    build_environ(base, "", request(b"/x?y", (b"a", b"b")), PEER, BytesIO(), "")["SCRIPT_NAME"] = "/changed"
    assert base == before


@pytest.mark.parametrize(("name", "key"), [("X-Request-ID", "HTTP_X_REQUEST_ID"), ("trace", "HTTP_TRACE"), ("", "")])
def test_the_id_stands_where_its_header_would(name, key) -> None:
    environ = build(b"/", (b"x-request-id", b"given"), key=id_key(name))
    assert id_key(name) == key
    assert environ.get(key) == ("id-1" if key else None)
    if key != "HTTP_X_REQUEST_ID":
        assert environ["HTTP_X_REQUEST_ID"] == "given"


def test_dropped_headers() -> None:
    names = [b"proxy", b"transfer-encoding", b"x_under", b"_", b"content_length", b"content_type"]
    environ = build(b"/", *((name, b"bad") for name in names))
    assert [key for key in environ if environ[key] == "bad"] == []


def test_unseen_names_are_not_remembered_without_end() -> None:
    from hendrix.answer import environ as room

    for number in range(1500):
        assert build(b"/", (b"x-n%d" % number, b"1"))[f"HTTP_X_N{number}"] == "1"
    assert len(room._keys) <= room._REMEMBERED


def test_lengths() -> None:
    assert "CONTENT_LENGTH" not in build()
    assert build(b"/", (b"content-length", b"0"))["CONTENT_LENGTH"] == "0"
    assert build(b"/", (b"content-length", b"5"), body=b"12345", length=5)["CONTENT_LENGTH"] == "5"
    environ = build(body=b"chunks", length=-1)
    assert environ["CONTENT_LENGTH"] == "6"
    assert environ["wsgi.input"].read() == b"chunks"


def test_lines_of_threads_do_not_mix() -> None:
    lines: list[object] = []

    def listener(_name: str, _level: int, facts: dict[str, object]) -> None:
        lines.append(facts["text"])

    stream = ErrorStream()
    listen(listener)
    try:
        stream.write("one, ")
        other = threading.Thread(target=stream.write, args=("other\n",))
        other.start()
        other.join()
        stream.writelines(["two\nthree", "\n\n"])
        stream.write("no end")
        assert lines == ["other", "one, two", "three", ""]
        stream.flush()
        stream.flush()
    finally:
        forget(listener)
    assert lines[-1] == "no end"
    assert len(lines) == 5
