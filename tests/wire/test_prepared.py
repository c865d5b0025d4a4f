"""Answers made ready: what goes out is what would have gone out had they been rendered for the occasion."""

from __future__ import annotations

import pytest

from hendrix.core.errors import AnswerError
from hendrix.core.prepared import Prepared
from hendrix.wire.prepare import prepare, prepare_file
from hendrix.wire.response import encode_lines
from tests.kit.wire import Peer, common

HEADERS = [("Content-Type", "text/css; charset=utf-8"), ("ETag", '"1"')]


def rendered(
    answer: Prepared, *, method: str = "GET", version: str = "1.1", lines: bytes = b"", extra: bytes = b""
) -> bytes:
    peer = Peer(answers=False)
    peer.send(f"{method} / HTTP/{version}\r\nHost: x\r\n".encode() + lines + b"\r\n")
    return peer.machine.ready(answer, common("hendrix"), extra)


def as_usual(
    status: str, headers: list, body: bytes, *, version: str = "1.1", lines: bytes = b"", extra: str = ""
) -> bytes:
    peer = Peer(answers=False)
    peer.send(f"GET / HTTP/{version}\r\nHost: x\r\n".encode() + lines + b"\r\n")
    return peer.machine.whole(status, headers, body, common("hendrix"), extra)


def same(one: bytes, other: bytes) -> bool:
    """But for the order of the fields."""
    return sorted(one.split(b"\r\n")) == sorted(other.split(b"\r\n"))


@pytest.mark.parametrize(
    ("version", "lines"),
    [
        ("1.1", b""),
        ("1.1", b"Connection: close\r\n"),
        ("1.0", b""),
        ("1.0", b"Connection: keep-alive\r\n"),
    ],
)
def test_head_and_connection_are_as_for_any_answer(version, lines) -> None:
    answer = prepare("200 OK", HEADERS, b"body")
    usual = as_usual("200 OK", HEADERS, b"body", version=version, lines=lines, extra="X-Request-ID: 1\r\n")
    assert same(rendered(answer, version=version, lines=lines, extra=b"X-Request-ID: 1\r\n") + b"body", usual)


@pytest.mark.parametrize("status", ["204 No Content", "205 Reset Content", "304 Not Modified"])
def test_some_have_no_content(status) -> None:
    answer = prepare(status, HEADERS, b"body")
    assert answer.body == b"" and answer.length == 0
    assert same(rendered(answer), as_usual(status, HEADERS, b""))


@pytest.mark.parametrize("own", [[("Date", "then")], [("server", "me")], [("date", "then"), ("Server", "me")]])
def test_date_and_server_stand_once(own) -> None:
    """RFC 9110 section 6.6.1: an answer that has them already, as a stored one does, keeps them."""
    assert same(rendered(prepare("200 OK", [*HEADERS, *own], b"x")), as_usual("200 OK", [*HEADERS, *own], b"x")[:-1])


def test_the_length_is_among_its_headers() -> None:
    assert ("Content-Length", "4") in prepare("200 OK", HEADERS, b"body").headers
    stated = prepare("200 OK", [*HEADERS, ("content-length", "4")], b"body")
    assert rendered(stated).lower().count(b"content-length: 4\r\n") == 1
    assert len([name for name, _ in stated.headers if name.lower() == "content-length"]) == 1


def test_the_body_may_be_part_of_a_file(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        answer = prepare_file("206 Partial Content", HEADERS, file, 2, 5)
        assert (answer.offset, answer.length) == (2, 5)
        assert b"Content-Length: 5\r\n" in answer.head


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK\r\nX: y", HEADERS),
        ("100 Continue", HEADERS),
        ("200 OK", [("X", "a\r\nY: b")]),
        ("200 OK", [("X Y", "a")]),
        ("200 OK", [("Connection", "close")]),
        ("200 OK", [("Content-Length", "5")]),
    ],
)
def test_what_may_not_be_sent_is_refused_when_it_is_made(status, headers) -> None:
    with pytest.raises(AnswerError):
        prepare(status, headers, b"body")


def test_further_lines_are_held_to_the_same() -> None:
    assert encode_lines([("Age", "7")]) == b"Age: 7\r\n"
    with pytest.raises(AnswerError):
        encode_lines([("Age", "7\r\n")])
