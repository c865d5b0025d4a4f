"""Plain HTTP sent to HTTPS (RFC 9110 section 15.4.9)."""

from __future__ import annotations

import pytest

from hendrix.answer.https import redirect_to_https
from hendrix.core.errors import PeerError
from hendrix.core.http import Origin
from tests.kit.stage import FakeExchange, request


def told(target: bytes = b"/", *, port: int = 443, authority: bytes = b"test.example", scheme: str = "http") -> object:
    """Where it is sent to; None where it is answered."""
    made = request(target)
    made.authority = authority
    exchange = FakeExchange(made, Origin(("192.0.2.1", 1), ("198.51.100.1", 80), scheme))
    answered: list[object] = []
    redirect_to_https(port, answered.append)(exchange)
    if answered:
        return None
    assert exchange.status == "308 Permanent Redirect"
    return dict(exchange.headers)["Location"]


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        (b"/", "https://test.example/"),
        (b"/a%20b/?x=1&y=%C3%A4", "https://test.example/a%20b/?x=1&y=%C3%A4"),
        (b"//evil.example/", "https://test.example//evil.example/"),
    ],
)
def test_to_the_same_place(target: bytes, wanted: str) -> None:
    assert told(target) == wanted


@pytest.mark.parametrize(
    ("authority", "port", "wanted"),
    [
        (b"test.example:8000", 443, "https://test.example/"),
        (b"test.example:8000", 4430, "https://test.example:4430/"),
        (b"test.example", 8443, "https://test.example:8443/"),
        (b"127.0.0.1:8000", 4430, "https://127.0.0.1:4430/"),
        (b"[::1]:8000", 4430, "https://[::1]:4430/"),
        (b"[::1]", 443, "https://[::1]/"),
    ],
)
def test_the_port(authority: bytes, port: int, wanted: str) -> None:
    assert told(authority=authority, port=port) == wanted


def test_what_is_secure_is_answered() -> None:
    assert told(scheme="https") is None


def test_a_question_to_the_server_itself_is_answered() -> None:
    assert told(b"*") is None


def test_without_a_host() -> None:
    with pytest.raises(PeerError) as caught:
        told(authority=b"")
    assert caught.value.status == 400
