"""Targets as they are shown: no secret, no control sequence, no end of a line, and never long."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hendrix.core import redact
from hendrix.core.redact import LONGEST, described, is_secret_field, public, shown


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


@pytest.fixture
def learn() -> Iterator[Callable[[list[str]], None]]:
    yield redact.learn
    redact.learn([])


def test_names_of_ones_own(learn: Callable[[list[str]], None]) -> None:
    query = b"card_number=4111&Card_Number=5&xcard_number=6&page=2&pin.1=7&c%61rd_number=8&card[number]=9&token=t"
    learn(["card_number", "pin.*", "card[number]"])
    expected = (
        "card_number=***&Card_Number=***&xcard_number=6&page=2&pin.1=***&c%61rd_number=***&card[number]=***&token=***"
    )
    assert public(b"/?" + query).decode() == "/?" + expected
    assert public(b"/?pinx1=1&pin=2&card_number").decode() == "/?pinx1=1&pin=2&card_number"
    learn([])
    assert public(b"/?card_number=4111") == b"/?card_number=4111"


def test_fields_that_are_secret(learn: Callable[[list[str]], None]) -> None:
    for name in (
        b"Authorization",
        b"cookie",
        b"x-api-key",
        b"X-Amz-Security-Token",
        b"x-vault-token",
        b"x-session-id",
    ):
        assert is_secret_field(name), name
    for name in (b"accept", b"user-agent", b"x-status-code", b"surrogate-key", b"x-acme-account", b"authority"):
        assert not is_secret_field(name), name
    learn(["X-Acme-*"])
    assert (
        is_secret_field(b"x-acme-account") and not is_secret_field(b"x-acme") and not is_secret_field(b"my-x-acme-a")
    )


def test_the_request_of_an_event_has_no_secret_either() -> None:
    assert described("GET /in?token=abc&page=2") == "GET /in?token=***&page=2"
    assert described("load for GET /\x1b[2J") == "load for GET /%1B[2J"
