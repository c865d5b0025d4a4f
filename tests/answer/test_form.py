"""What a form takes is known before it is read, and never less than what it does take."""

from __future__ import annotations

import tracemalloc
from io import BytesIO

import pytest
from twisted.web import http

from hendrix.answer.form import MOST_MEMORY, MULTIPART, URLENCODED, kind_of, memory_for

PART = b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n%b\r\n'


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"multipart/form-data; boundary=x", MULTIPART),
        (b"Multipart/Form-Data;boundary=x", MULTIPART),
        (b"application/x-www-form-urlencoded", URLENCODED),
        (b"application/x-www-form-urlencoded ; charset=utf-8", URLENCODED),
        (b"application/json", None),
        (b"multipart/mixed; boundary=x", None),
        (b"", None),
    ],
)
def test_which_kind(value, kind) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (URLENCODED, b"a=1&" * 20_000),
        (URLENCODED, b"a=1;" * 20_000),
        (URLENCODED, b"a=" + b"x" * 500_000),
        (URLENCODED, b"".join(b"%d=1&" % number for number in range(20_000))),
        (MULTIPART, PART % (b"x" * 500_000) + b"--b--\r\n"),
        (MULTIPART, PART % (b"\xff" * 500_000) + b"--b--\r\n"),
        (MULTIPART, PART % (b"\xff\n" * 100_000) + b"--b--\r\n"),
        (MULTIPART, PART % (b"a\r" * 100_000) + b"--b--\r\n"),
        (MULTIPART, PART % b"1" * 5_000 + b"--b--\r\n"),
    ],
)
def test_it_is_never_less_than_twisted_takes(kind, body) -> None:
    tracemalloc.start()
    if kind == MULTIPART:
        http._getMultiPartArgs(body, b"multipart/form-data; boundary=b")
    else:
        http.parse_qs(body, 1)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken <= memory_for(BytesIO(body), kind)


def test_a_large_file_may_come() -> None:
    assert memory_for(BytesIO(bytes(range(256)) * (32 * 4096)), MULTIPART) < MOST_MEMORY


def test_a_million_lines_may_not() -> None:
    assert memory_for(BytesIO(b"\n" * 10_000_000), MULTIPART) > MOST_MEMORY
