"""RFC 9110: what the server's side of HTTP/1.1 must know of fields, methods, expectations and statuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hendrix.core.errors import AnswerError
from hendrix.core.http import ResponseHeaders
from tests.kit.wire import DATE, LIMITS, Peer, accepted, common, get, in_all_ways, post, refused

BOTH = ("whole", "head")


def _asked(method: bytes = b"GET", version: bytes = b"HTTP/1.1") -> Peer:
    return Peer(answers=False).send(get(method=method, version=version))


def _sent(how: str, status: str, headers: ResponseHeaders, body: bytes = b"", peer: Peer | None = None) -> bytes:
    machine = (peer or _asked()).machine
    if how == "whole":
        return machine.whole(status, headers, body, common("Hx"), "X-Id: 1\r\n")
    return machine.head(status, headers, common("Hx"), "X-Id: 1\r\n") + machine.piece(body) + machine.end()


def _lines(sent: bytes, name: bytes) -> list[bytes]:
    head = sent.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return [line for line in head if line.partition(b":")[0].lower() == name.lower()]


def _body(sent: bytes) -> bytes:
    return sent.partition(b"\r\n\r\n")[2]


@in_all_ways
class Test_5_3_FieldOrder:
    def test_repeated_fields_are_one_list(self, way: str) -> None:
        request = accepted(get(b"Host: a", b"X: 1", b"Y: 0", b"x: 2, 3", b"X:"), way).request
        assert request.fields == {b"host": b"a", b"x": b"1, 2, 3, ", b"y": b"0"}

    def test_cookies_are_joined_their_own_way(self, way: str) -> None:
        assert accepted(get(b"Host: a", b"Cookie: a=1", b"Cookie: b=2"), way).request.fields[b"cookie"] == b"a=1; b=2"


@in_all_ways
class Test_5_4_FieldLimits:
    def test_number_of_fields(self, way: str) -> None:
        limits = replace(LIMITS, fields=5)
        assert len(accepted(get(b"Host: a", *[b"X: 1"] * 4), way, limits).request.headers) == 5
        refused(get(b"Host: a", *[b"X: 1"] * 5), 431, way, limits)
        refused(post(*[b"X: 1"] * 5, b"Content-Length: 9", body=b"123456789"), 431, way, limits)

    def test_size_of_a_field(self, way: str) -> None:
        limits = replace(LIMITS, field_size=50)
        assert accepted(get(b"Host: a", b"X: " + b"a" * 50), way, limits).request.fields[b"x"] == b"a" * 50
        refused(get(b"Host: a", b"X: " + b"a" * 51), 431, way, limits)
        refused(post(b"X: " + b"a" * 51, b"Content-Length: 1000"), 431, way, limits)

    def test_a_list_over_many_lines_is_one_field(self, way: str) -> None:
        limits = replace(LIMITS, field_size=50)
        refused(get(b"Host: a", *[b"X: " + b"a" * 20] * 3), 431, way, limits)

    def test_size_of_the_head(self, way: str) -> None:
        limits = replace(LIMITS, head=400)
        head = get(b"Host: a", b"X: " + b"a" * (400 - len(get(b"Host: a", b"X: "))))
        assert len(head) == 400
        assert accepted(head, way, limits).request.target == b"/"
        refused(b"G" + head.replace(b"Host", b"Hosts"), 431, way, limits)

    def test_a_head_without_end(self, way: str) -> None:
        refused(b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 1_000, 431, way, replace(LIMITS, head=1_000))
        refused(b"GET / HTTP/1.1\r\nX: " + b"1" * 5_000, 431, way, replace(LIMITS, head=1_000))

    def test_the_defaults_take_what_browsers_send(self, way: str) -> None:
        cookie = b"Cookie: " + b"a" * 8_000
        assert accepted(get(b"Host: a", cookie, *[b"X-%d: 1" % number for number in range(90)]), way).complete


class Test_6_6_1_Date:
    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "304 Not Modified", "204 No Content", "500 x"])
    def test_present_once(self, how: str, status: str) -> None:
        assert _lines(_sent(how, status, []), b"Date") == [b"Date: " + DATE.encode()]

    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize("name", ["Date", "date", "DATE"])
    def test_the_applications_own_is_kept(self, how: str, name: str) -> None:
        own = "Tue, 15 Nov 1994 08:12:31 GMT"
        assert _lines(_sent(how, "200 OK", [(name, own)]), b"Date") == [f"{name}: {own}".encode()]

    @pytest.mark.parametrize("how", BOTH)
    def test_so_is_the_server(self, how: str) -> None:
        assert _lines(_sent(how, "200 OK", []), b"Server") == [b"Server: Hx"]
        assert _lines(_sent(how, "200 OK", [("server", "Own")]), b"Server") == [b"server: Own"]

    def test_no_server_where_none_is_configured(self) -> None:
        sent = _asked().machine.whole("200 OK", [("Server", "Own"), ("Date", DATE)], b"", common(), "")
        assert _lines(sent, b"Server") == [b"Server: Own"]
        assert len(_lines(sent, b"Date")) == 1


class Test_7_6_1_Connection:
    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize(
        "name",
        [
            "Connection",
            "connection",
            "CONNECTION",
            "Keep-Alive",
            "Proxy-Connection",
            "Proxy-Authenticate",
            "Proxy-Authorization",
            "TE",
            "Trailer",
            "Trailers",
            "Transfer-Encoding",
            "transfer-encoding",
            "Upgrade",
        ],
    )
    def test_an_application_does_not_speak_of_the_connection(self, how: str, name: str) -> None:
        peer = _asked()
        with pytest.raises(AnswerError):
            _sent(how, "200 OK", [("X", "1"), (name, "close")], peer=peer)
        # Nothing was sent: the server can still say that the application failed.
        assert _sent("whole", "500 Internal Server Error", [], b"failed", peer).startswith(b"HTTP/1.1 500 ")


class Test_8_6_ContentLength:
    def test_a_whole_body_has_one(self) -> None:
        assert _lines(_sent("whole", "200 OK", [], b"hello"), b"Content-Length") == [b"Content-Length: 5"]
        assert _lines(_sent("whole", "200 OK", [], b""), b"Content-Length") == [b"Content-Length: 0"]

    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize("value", ["5", " 5 ", "005"])
    def test_a_stated_one_is_sent_once(self, how: str, value: str) -> None:
        sent = _sent(how, "200 OK", [("content-length", value)], b"hello")
        assert _lines(sent, b"Content-Length") == [b"Content-Length: 5"]
        assert _lines(sent, b"Transfer-Encoding") == []
        assert _body(sent) == b"hello"

    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize(
        "value", ["", "x", "-1", "+5", "5, 5", "5 5", "0x5", "5.0", "\u0665", "\xb2", "1_0", "9" * 5000]
    )
    def test_what_is_no_length(self, how: str, value: str) -> None:
        with pytest.raises(AnswerError):
            _sent(how, "200 OK", [("Content-Length", value)], b"hello")

    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize("value", [5, None, b"5", 5.0, ["5"]])
    def test_it_is_a_string(self, how: str, value: object) -> None:
        with pytest.raises(AnswerError):
            _sent(how, "200 OK", [("Content-Length", value)], b"hello")  # type: ignore[list-item]

    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize("second", ["5", "6"])
    def test_twice(self, how: str, second: str) -> None:
        with pytest.raises(AnswerError):
            _sent(how, "200 OK", [("Content-Length", "5"), ("content-length", second)], b"hello")

    def test_never_more_than_stated(self) -> None:
        peer = _asked()
        sent = _sent("whole", "200 OK", [("Content-Length", "3")], b"hello", peer)
        assert _body(sent) == b"hel"
        assert peer.machine.keep_alive
        machine = _asked().machine
        machine.head("200 OK", [("Content-Length", "3")], common(), "")
        assert machine.piece(b"he") == b"he"
        assert machine.piece(b"llo") == b"l"
        assert machine.piece(b"more") == b""
        assert machine.end() == b""
        assert machine.keep_alive

    def test_files_too(self) -> None:
        machine = _asked().machine
        machine.head("200 OK", [("Content-Length", "10")], common(), "")
        assert machine.file_piece(6) == (b"", 6, b"")
        assert machine.file_piece(6) == (b"", 4, b"")
        assert machine.file_piece(6) == (b"", 0, b"")
        assert machine.keep_alive

    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize("method", [b"GET", b"HEAD"])
    @pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
    def test_none_in_204_and_304(self, how: str, method: bytes, status: str) -> None:
        sent = _sent(how, status, [("Content-Length", "5")], b"hello", _asked(method))
        assert _lines(sent, b"Content-Length") == _lines(sent, b"Transfer-Encoding") == []

    @pytest.mark.parametrize("how", BOTH)
    def test_in_an_answer_to_head_it_is_what_get_would_have(self, how: str) -> None:
        sent = _sent(how, "200 OK", [("Content-Length", "1234")], b"", _asked(b"HEAD"))
        assert _lines(sent, b"Content-Length") == [b"Content-Length: 1234"]

    def test_in_an_answer_to_head_the_body_tells_it_too(self) -> None:
        sent = _sent("whole", "200 OK", [], b"hello", _asked(b"HEAD"))
        assert _lines(sent, b"Content-Length") == [b"Content-Length: 5"]

    def test_but_the_absence_of_a_body_does_not(self) -> None:
        """An application that leaves the body out for HEAD has not said that GET would have none."""
        sent = _sent("whole", "200 OK", [], b"", _asked(b"HEAD"))
        assert _lines(sent, b"Content-Length") == []


class Test_9_3_2_Head:
    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize("headers", [[], [("Content-Length", "5")]])
    @pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
    def test_no_content(self, how: str, headers: ResponseHeaders, version: bytes) -> None:
        assert _body(_sent(how, "200 OK", headers, b"hello", _asked(b"HEAD", version))) == b""

    def test_no_chunks_and_no_file(self) -> None:
        machine = _asked(b"HEAD").machine
        machine.head("200 OK", [], common(), "")
        assert (machine.piece(b"x"), machine.file_piece(5), machine.end()) == (b"", (b"", 0, b""), b"")
        assert machine.keep_alive

    def test_less_than_stated_is_right_here(self) -> None:
        peer = _asked(b"HEAD")
        _sent("head", "200 OK", [("Content-Length", "5")], b"", peer)
        assert peer.machine.keep_alive


@in_all_ways
class Test_10_1_1_Expect:
    @pytest.mark.parametrize(
        "value",
        [b"100-continue", b"100-Continue", b"100-CONTINUE", b"100-continue, 100-continue", b", 100-continue ,"],
    )
    def test_100_continue(self, way: str, value: bytes) -> None:
        message = accepted(post(b"Expect: " + value, b"Content-Length: 5", body=b"hello"), way)
        assert (message.request.expects_continue, message.body) == (True, b"hello")

    def test_on_two_lines(self, way: str) -> None:
        lines = (b"Expect: 100-continue", b"Expect: 100-continue")
        assert accepted(post(*lines, b"Content-Length: 5", body=b"hello"), way).request.expects_continue
        refused(post(b"Expect: 100-continue", b"Expect: x", b"Content-Length: 5", body=b"hello"), 417, way)

    def test_before_chunks(self, way: str) -> None:
        lines = (b"Expect: 100-continue", b"Transfer-Encoding: chunked")
        assert accepted(post(*lines, body=b"0\r\n\r\n"), way).request.expects_continue

    @pytest.mark.parametrize("lines", [(), (b"Content-Length: 0",)])
    def test_without_content_there_is_nothing_to_wait_for(self, way: str, lines: tuple[bytes, ...]) -> None:
        assert not accepted(post(b"Expect: 100-continue", *lines), way).request.expects_continue

    def test_in_http_1_0_it_is_ignored(self, way: str) -> None:
        lines = (b"Expect: 100-continue", b"Content-Length: 5")
        assert not accepted(post(*lines, body=b"hello", version=b"HTTP/1.0"), way).request.expects_continue

    @pytest.mark.parametrize("value", [b"", b",", b" "])
    def test_an_empty_list_expects_nothing(self, way: str, value: bytes) -> None:
        lines = (b"Expect:" + value, b"Content-Length: 5")
        assert not accepted(post(*lines, body=b"hello"), way).request.expects_continue

    @pytest.mark.parametrize(
        "value", [b"200-ok", b"100-continue, x", b"x=y", b"100 continue", b"100-continue;a", b"100"]
    )
    def test_others_are_not_met(self, way: str, value: bytes) -> None:
        refused(post(b"Expect: " + value, b"Content-Length: 5", body=b"hello"), 417, way)
        refused(get(b"Host: a", b"Expect: " + value), 417, way)


class Test_15_StatusesWithoutContent:
    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize("status", ["204 No Content", "205 Reset Content", "304 Not Modified"])
    @pytest.mark.parametrize("headers", [[], [("Content-Length", "5")]])
    def test_15_3_5_and_15_3_6_and_15_4_5(self, how: str, status: str, headers: ResponseHeaders) -> None:
        peer = _asked()
        sent = _sent(how, status, headers, b"hello", peer)
        assert _body(sent) == b""
        assert _lines(sent, b"Transfer-Encoding") == []
        assert peer.machine.keep_alive

    @pytest.mark.parametrize("how", BOTH)
    def test_15_3_6_says_that_it_is_empty(self, how: str) -> None:
        assert _lines(_sent(how, "205 Reset Content", []), b"Content-Length") == [b"Content-Length: 0"]

    def test_no_file_either(self) -> None:
        machine = _asked().machine
        machine.head("204 No Content", [], common(), "")
        assert machine.file_piece(5) == (b"", 0, b"")


class Test_17_ResponseSplitting:
    BAD_VALUES = (
        "a\r\nSet-Cookie: b=c",
        "a\r\n\r\n<html>",
        "a\n b",
        "a\rb",
        "a\n",
        "a\r",
        "\n",
        "\r\n",
        "\ra",
        "\na",
        "a\r\n b",
        "a\0b",
        "\0",
        "a\n\rb",
        "\u560d\u560aSet-Cookie: b",
        "\u0100",
        "\ud800",
    )

    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize("value", BAD_VALUES)
    def test_line_breaks_in_values(self, how: str, value: str) -> None:
        for name in ("X-Own", "Location", "Date", "Server"):
            with pytest.raises(AnswerError):
                _sent(how, "200 OK", [("A", "1"), (name, value), ("B", "2")])

    @pytest.mark.parametrize("how", BOTH)
    def test_two_half_breaks_make_none(self, how: str) -> None:
        with pytest.raises(AnswerError):
            _sent(how, "200 OK", [("A", "1\r"), ("B", "\n2")])

    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize(
        "name",
        [
            "",
            " ",
            "A B",
            "A:",
            ":A",
            "A\r\nB",
            "A\n",
            "\nA",
            "A\r",
            "A\0",
            "A\tB",
            " A",
            "A ",
            "\xc4",
            "\u0391",
            "A\u212a",
            "(A)",
            "Content-Length ",
            "Content-Length:",
            "Transfer-Encoding\n",
        ],
    )
    def test_names(self, how: str, name: str) -> None:
        for _ in range(2):  # A bad name must not be remembered as a good one.
            with pytest.raises(AnswerError):
                _sent(how, "200 OK", [(name, "1")])

    @pytest.mark.parametrize("how", BOTH)
    @pytest.mark.parametrize(
        "headers",
        [
            [(b"X", "1")],
            [("X", b"1")],
            [("X", 1)],
            [("X", None)],
            [(None, "1")],
            [(1, "1")],
            [(["X"], "1")],
            [("X",)],
            [("X", "1", "2")],
            ["X"],
            ["X: 1"],
            [None],
            [7],
            None,
            7,
            [("Date", 1)],
            [("Date", b"1")],
        ],
    )
    def test_headers_are_pairs_of_strings(self, how: str, headers: ResponseHeaders) -> None:
        with pytest.raises(AnswerError):
            _sent(how, "200 OK", headers)

    @pytest.mark.parametrize("how", BOTH)
    def test_other_characters_of_latin_1_pass(self, how: str) -> None:
        assert b"\r\nX: caf\xe9\t\xff\r\n" in _sent(how, "200 OK", [("X", "caf\xe9\t\xff")])
