"""RFC 6797 section 7.2: Strict-Transport-Security in every answer of a secure connection, once."""

from __future__ import annotations

from hendrix.wire.prepare import prepare
from hendrix.wire.response import Common, encode_head, render_fields
from tests.kit import http2_frames as f
from tests.kit.http2_peer import Peer as Http2Peer
from tests.kit.wire import Peer

LINE = "Strict-Transport-Security: max-age=60\r\n"


def common(security: str = LINE) -> Common:
    made = Common(server="Server: x\r\n", security=security)
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
    assert [lines.count(LINE.encode()) for lines in ready] == [1, 1, 1, 1, 0, 0, 0, 0]
    assert [(b"Date:" in lines, b"Server:" in lines) for lines in ready] == 2 * [
        (True, True),
        (False, True),
        (True, False),
        (False, False),
    ]


def test_a_prepared_answer_that_has_its_own_is_sent_with_that_alone() -> None:
    """Whatever else of the server's it replaces; every other one gets the site's."""
    for name in ("Strict-Transport-Security", "strict-transport-security"):
        for more in ([], [("Date", "own")], [("Server", "own")], [("Server", "own"), ("Date", "own")]):
            peer = Peer(answers=False)
            peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            sent = peer.machine.ready(prepare("200 OK", [(name, "max-age=0"), *more]), common(), b"").decode()
            assert sent.lower().count("strict-transport-security") == 1
            assert f"{name}: max-age=0\r\n" in sent
            assert sent.count("\r\nDate: ") == sent.count("\r\nServer: ") == 1


def test_a_prepared_answer_that_has_its_own_in_http2() -> None:
    for security, expected in ((LINE, ["max-age=0", "max-age=60"]), ("", ["max-age=0"])):
        peer = Http2Peer(answers=False, common=common(security))
        said = []
        for number, headers in ((1, [("Strict-Transport-Security", "max-age=0")]), (3, [])):
            peer.send(peer.headers(number, f.GET))
            peer.machine.answers.ready(peer.exchanges[number].stream, prepare("200 OK", headers), b"")
            peer.flush()
            (head,) = peer.of(f.HEADERS, number)
            fields = peer.decoder.decode(head.payload)
            said += [value for name, value in fields if name == "strict-transport-security"]
        assert said == expected


def test_nothing_where_it_is_off() -> None:
    made = Common(server="Server: x\r\n")
    made.renew("Thu, 01 Jan 1970 00:00:00 GMT")
    assert made.ready[3] == made.ready[7] == b""
    said = encode_head("200 OK", render_fields([("Strict-Transport-Security", "max-age=1")], made), "")
    assert said.count(b"Strict-Transport-Security") == 1
