"""Targets as they are shown: no secret, no control sequence, no end of a line, and never long."""

from __future__ import annotations

import pytest

from hendrix.core.redact import LONGEST, shown


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"page=2&q=shoes", "page=2&q=shoes"),
        (b"token=abc&page=2", "token=***&page=2"),
        (b"access_token=abc;x=1", "access_token=***;x=1"),
        (b"PassWord=a=b&x", "PassWord=***&x"),
        (b"p%61ssword=hunter2", "p%61ssword=***"),
        (b"X-Amz-Signature=00ff&api_key=k", "X-Amz-Signature=***&api_key=***"),
        (b"token=", "token=***"),
        (b"token", "token"),
        (b"monkey=1&author=2&postcode=3&keyword=4", "monkey=1&author=2&postcode=3&keyword=4"),
        (b"key=1&auth_code=2&client-secret=3&sessionid=4", "key=***&auth_code=***&client-secret=***&sessionid=***"),
    ],
)
def test_values_of_parameters_that_tell_of_a_secret_are_left_out(query: bytes, expected: str) -> None:
    assert shown(b"/path", query) == f"/path?{expected}"


def test_what_could_steer_a_terminal_is_encoded() -> None:
    assert shown(b"/\x1b[2J\r\n\xff", b"") == "/%1B[2J%0D%0A%FF"


def test_it_is_never_long() -> None:
    for path in (b"/" + b"a" * 10_000, b"/" + b"\xff" * 10_000):
        assert len(shown(path, b"q=" + b"b" * 10_000)) == LONGEST
