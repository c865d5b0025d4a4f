"""RFC 6797 section 7.2: Strict-Transport-Security in every answer of a secure connection, once."""

from __future__ import annotations

from hendrix.wire.response import Common, encode_head, render_fields

LINE = "Strict-Transport-Security: max-age=60\r\n"


def common() -> Common:
    made = Common(server="Server: x\r\n", security=LINE)
    made.renew("Thu, 01 Jan 1970 00:00:00 GMT")
    return made


def head(*headers: tuple[str, str]) -> str:
    return encode_head("200 OK", render_fields(list(headers), common()), "").decode()


def test_in_every_answer() -> None:
    assert LINE in head()
    assert LINE in head(("Server", "own"), ("Date", "own"))


def test_what_the_application_says_of_it_counts() -> None:
    """Section 6.1: of several fields only the first one is read."""
    for name in ("Strict-Transport-Security", "strict-transport-security"):
        said = head((name, "max-age=0"))
        assert said.lower().count("strict-transport-security") == 1
        assert f"{name}: max-age=0\r\n" in said


def test_in_prepared_answers_whatever_they_have_of_their_own() -> None:
    ready = common().ready
    assert [lines.count(LINE.encode()) for lines in ready] == [1, 1, 1, 1]
    assert [(b"Date:" in lines, b"Server:" in lines) for lines in ready] == [
        (True, True),
        (False, True),
        (True, False),
        (False, False),
    ]


def test_nothing_where_it_is_off() -> None:
    made = Common(server="Server: x\r\n")
    made.renew("Thu, 01 Jan 1970 00:00:00 GMT")
    assert made.ready[3] == b""
    said = encode_head("200 OK", render_fields([("Strict-Transport-Security", "max-age=1")], made), "")
    assert said.count(b"Strict-Transport-Security") == 1
