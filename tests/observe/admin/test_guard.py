"""Who may ask: secrets (RFC 6750, RFC 7617), DNS rebinding, forgery across sites."""

from __future__ import annotations

from base64 import b64encode

import pytest

from hendrix.observe.admin.guard import Guard
from hendrix.observe.admin.request import Refused, parse

TOKEN, CSRF = "correct horse battery staple", "for-this-page"
AT_PORT, AT_SOCKET = Guard(TOKEN, CSRF), Guard("", CSRF)
BEARER = f"Authorization: Bearer {TOKEN}"
OURS = "Origin: http://127.0.0.1:9090"


def basic(password: str, user: str = "anyone") -> str:
    return "Authorization: Basic " + b64encode(f"{user}:{password}".encode()).decode()


def verdict(
    guard: Guard, *fields: str, method: str = "GET", host: str = "127.0.0.1:9090", is_open: bool = False
) -> int:
    """200, or the status of the refusal. What is posted changes something."""
    head = "\r\n".join([f"{method} /status.json HTTP/1.1", f"Host: {host}", *fields, "", ""])
    try:
        guard.check(parse(head.encode("latin-1")), is_open=is_open, changes=method == "POST")
    except Refused as refused:
        return refused.status
    return 200


class TestSecret:
    @pytest.mark.parametrize("field", [BEARER, BEARER.replace("Bearer", "bearer"), basic(TOKEN), basic(TOKEN, "")])
    def test_it_is_told(self, field: str) -> None:
        assert verdict(AT_PORT, field) == 200

    @pytest.mark.parametrize(
        "field",
        [
            "X-Nothing: 1",
            "Authorization: Bearer",
            "Authorization: Bearer " + TOKEN[:-1],
            "Authorization: Bearer " + TOKEN + "x",
            "Authorization: Bearer \xe9",
            f"Authorization: Digest {TOKEN}",
            "Authorization: Basic !!!",
            "Authorization: Basic /w==",
            basic(""),
            basic(TOKEN + ":"),
            f"Cookie: token={TOKEN}",
        ],
    )
    def test_it_is_not(self, field: str) -> None:
        assert verdict(AT_PORT, field) == 401

    def test_how_it_is_to_be_told_is_said(self) -> None:
        with pytest.raises(Refused) as caught:
            AT_PORT.check(parse(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), is_open=False, changes=False)
        assert caught.value.headers["WWW-Authenticate"].startswith("Basic ")

    def test_what_is_open_needs_none_and_a_unix_socket_neither(self) -> None:
        assert verdict(AT_PORT, is_open=True) == 200
        assert verdict(AT_SOCKET) == 200


class TestRebinding:
    """A name that somebody else lets point to this machine must not be believed."""

    @pytest.mark.parametrize(
        "host", ["evil.example:9090", "127.0.0.1.evil.example", "localhost.evil.example", "[", ""]
    )
    def test_foreign_names(self, host: str) -> None:
        assert verdict(AT_PORT, host=host, is_open=True) == 421
        assert verdict(AT_PORT, basic(TOKEN), host=host) == 421

    @pytest.mark.parametrize("host", ["127.0.0.1:9090", "localhost:9090", "LOCALHOST", "[::1]:9090", "10.0.0.7:9090"])
    def test_own_ones(self, host: str) -> None:
        assert verdict(AT_PORT, host=host, is_open=True) == 200

    def test_who_tells_the_secret_itself_is_no_browser(self) -> None:
        assert verdict(AT_PORT, BEARER, host="web.monitoring.svc:9090") == 200

    def test_at_a_unix_socket_any_name_will_do(self) -> None:
        assert verdict(AT_SOCKET, host="whatever") == 200


class TestPagesOfOthers:
    @pytest.mark.parametrize("guard", [AT_PORT, AT_SOCKET])
    @pytest.mark.parametrize(
        "field",
        [
            "Origin: http://evil.example",
            "Origin: null",
            "Origin: http://127.0.0.1:8000",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
        ],
    )
    def test_they_read_nothing(self, guard: Guard, field: str) -> None:
        assert verdict(guard, field, basic(TOKEN)) == 403

    def test_a_link_may_lead_here_but_no_form(self) -> None:
        came = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", basic(TOKEN))
        assert verdict(AT_PORT, *came) == 200
        assert verdict(AT_PORT, *came, method="POST") == 403


class TestForgery:
    def test_a_page_needs_the_token_that_only_our_pages_have(self) -> None:
        assert verdict(AT_PORT, basic(TOKEN), OURS, method="POST") == 403
        assert verdict(AT_PORT, basic(TOKEN), OURS, "X-CSRF-Token: guessed", method="POST") == 403
        assert verdict(AT_PORT, basic(TOKEN), OURS, f"X-CSRF-Token: {CSRF}", method="POST") == 200

    def test_a_program_that_tells_the_secret_does_not(self) -> None:
        assert verdict(AT_PORT, BEARER, method="POST") == 200

    def test_nor_does_one_at_the_unix_socket_unless_it_is_a_browser(self) -> None:
        assert verdict(AT_SOCKET, method="POST") == 200
        assert verdict(AT_SOCKET, OURS, method="POST") == 403
        assert verdict(AT_SOCKET, OURS, f"X-CSRF-Token: {CSRF}", method="POST") == 200
