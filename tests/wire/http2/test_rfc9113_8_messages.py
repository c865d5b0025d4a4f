"""RFC 9113 section 8: requests and answers in frames. The cases of h2spec are among them."""

from __future__ import annotations

import pytest

from hendrix.core.errors import AnswerError
from hendrix.core.prepared import OWN_DATE
from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.limits import Limits
from hendrix.wire.prepare import prepare
from tests.kit import http2_frames as f
from tests.kit.http2_peer import Peer, in_all_ways

GET = dict(f.GET)
POST = f.POST


def without(name: str) -> list[tuple[str, str]]:
    return [pair for pair in f.GET if pair[0] != name]


def having(**values: str) -> list[tuple[str, str]]:
    """GET with other pseudo-header fields."""
    return [(name, values.get(name[1:], value)) for name, value in f.GET]


def sent(way: str, fields: list[tuple[str, str]], *, end: bool = True, limits: Http2Limits | None = None) -> Peer:
    peer = Peer(way, limits or Http2Limits())
    return peer.send(peer.headers(1, fields, end=end))


@in_all_ways
class Test_8_1_framing:
    def test_a_request_and_its_answer(self, way: str) -> None:
        peer = Peer(way)
        request = peer.get(1).request
        assert request is not None
        assert (request.method, request.target, request.path, request.query) == ("GET", b"/", b"/", b"")
        assert (request.version, request.authority, request.length) == ("2", b"a.example", 0)
        assert request.headers == [(b"host", b"a.example")]
        assert peer.head(1)[":status"] == "200"
        assert peer.head(1)["content-length"] == "5"
        assert peer.body(1) == b"hello"

    def test_the_query_is_told_from_the_path(self, way: str) -> None:
        request = sent(way, having(path="/a/b?c=%20&d?")).exchanges[1].request
        assert (request.path, request.query, request.target) == (b"/a/b", b"c=%20&d?", b"/a/b?c=%20&d?")

    def test_a_second_head_that_does_not_end_the_stream(self, way: str) -> None:
        peer = sent(way, POST, end=False)
        peer.send(f.data(1, b"test"), peer.headers(1, [("x-test", "ok")], end=False))
        peer.resets(1, f.PROTOCOL_ERROR)

    def test_trailers(self, way: str) -> None:
        peer = sent(way, POST, end=False)
        peer.send(f.data(1, b"test"), peer.headers(1, [("x-test", "ok")]))
        assert peer.exchanges[1].trailers == [(b"x-test", b"ok")]
        assert peer.exchanges[1].body == b"test"
        assert peer.ended(1)

    def test_trailers_without_a_body(self, way: str) -> None:
        peer = sent(way, POST, end=False)
        peer.send(peer.headers(1, [("x-test", "ok")]))
        assert peer.exchanges[1].complete

    @pytest.mark.parametrize("field", [(":method", "GET"), (":path", "/"), ("X-UPPER", "1"), ("connection", "close")])
    def test_trailers_that_are_not_valid(self, way: str, field: tuple[str, str]) -> None:
        peer = sent(way, POST, end=False)
        peer.send(f.data(1, b"test"), peer.headers(1, [field]))
        peer.resets(1, f.PROTOCOL_ERROR)

    def test_trailers_past_the_limit(self, way: str) -> None:
        peer = sent(way, POST, end=False, limits=Http2Limits(http=Limits(head=1000)))
        peer.send(f.data(1, b"test"), peer.headers(1, [("x-test", "o" * 1000)]))
        assert peer.exchanges[1].refused == 431

    def test_an_answer_before_the_body_is_complete(self, way: str) -> None:
        peer = sent(way, POST, end=False)
        peer.answer(1)
        peer.flush()
        assert peer.ended(1)
        peer.resets(1, f.NO_ERROR)
        peer.send(f.data(1, b"late"))
        peer.lives(4003)

    def test_a_short_rest_of_it_is_let_come(self, way: str) -> None:
        """Who sends all of it before he reads is not to be disturbed."""
        peer = sent(way, [*POST, ("content-length", "10")], end=False)
        peer.answer(1)
        peer.send(f.data(1, b"12345"))
        assert peer.ended(1)
        assert peer.of(f.RST_STREAM) == []
        peer.send(f.data(1, b"67890", end=True))
        assert peer.exchanges[1].body == b""
        assert peer.machine.idle
        peer.lives()


@in_all_ways
class Test_8_1_1_malformed:
    @pytest.mark.parametrize("length", ["0", "3", "5", "100"])
    def test_a_body_that_is_not_as_long_as_was_stated(self, way: str, length: str) -> None:
        peer = sent(way, [*POST, ("content-length", length)], end=False)
        peer.send(f.data(1, b"test", end=True))
        peer.resets(1, f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("length", ["1", "5"])
    def test_in_several_pieces(self, way: str, length: str) -> None:
        peer = sent(way, [*POST, ("content-length", length)], end=False)
        peer.send(f.data(1, b"te"), f.data(1, b"st", end=True))
        peer.resets(1, f.PROTOCOL_ERROR)

    def test_with_trailers(self, way: str) -> None:
        peer = sent(way, [*POST, ("content-length", "5")], end=False)
        peer.send(f.data(1, b"test"), peer.headers(1, [("x-test", "ok")]))
        peer.resets(1, f.PROTOCOL_ERROR)

    def test_none_where_one_was_stated(self, way: str) -> None:
        sent(way, [*POST, ("content-length", "4")]).resets(1, f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("length", ["4", "04"])
    def test_as_long_as_was_stated(self, way: str, length: str) -> None:
        peer = sent(way, [*POST, ("content-length", length)], end=False)
        peer.send(f.data(1, b"te"), f.data(1, b"st", end=True))
        assert peer.exchanges[1].request.length == 4
        assert peer.exchanges[1].body == b"test"
        assert peer.ended(1)

    @pytest.mark.parametrize("length", ["", "-1", "+4", "4 ", "4,4", "0x4", "1" * 19, "four"])
    def test_a_length_that_is_none(self, way: str, length: str) -> None:
        sent(way, [*POST, ("content-length", length)], end=False).resets(1, f.PROTOCOL_ERROR)

    def test_two_lengths(self, way: str) -> None:
        fields = [*POST, ("content-length", "4"), ("content-length", "4")]
        sent(way, fields, end=False).resets(1, f.PROTOCOL_ERROR)


@in_all_ways
class Test_8_2_fields:
    @pytest.mark.parametrize(
        "name",
        [
            "X-Upper",
            "x-uPper",
            "a b",
            "a\tb",
            "a\x00b",
            "a\x7fb",
            "a\xe9",
            "a:b",
            "",
            "a\nb",
            "a\rb",
            "a(b)",
            "a/b",
            '"a"',
        ],
    )
    def test_8_2_1_names(self, way: str, name: str) -> None:
        sent(way, [*f.GET, (name.encode("latin-1"), b"v")]).resets(1, f.PROTOCOL_ERROR)  # type: ignore[list-item]

    @pytest.mark.parametrize(
        "value",
        [b"a\0b", b"a\rb", b"a\nb", b"a\r\nx: y", b" a", b"a ", b"\ta", b"a\t", b" ", b"\x01", b"a\x7f", b"\n"],
    )
    def test_8_2_1_values(self, way: str, value: bytes) -> None:
        sent(way, [*f.GET, (b"x-test", value)]).resets(1, f.PROTOCOL_ERROR)  # type: ignore[list-item]

    @pytest.mark.parametrize("value", [b"", b"a", b"a b", b"a\tb", b"\xe9\xff", b"!~", b"a:b"])
    def test_8_2_1_good_values(self, way: str, value: bytes) -> None:
        peer = sent(way, [*f.GET, (b"x-test", value), (b"x-other", b"1")])  # type: ignore[list-item]
        assert peer.exchanges[1].request.fields[b"x-test"] == value

    @pytest.mark.parametrize(
        "field",
        [
            ("connection", "keep-alive"),
            ("keep-alive", "1"),
            ("proxy-connection", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("te", "gzip"),
            ("te", "trailers, deflate;q=0.5"),
            ("te", ""),
        ],
    )
    def test_8_2_2_fields_of_a_connection(self, way: str, field: tuple[str, str]) -> None:
        sent(way, [*f.GET, field]).resets(1, f.PROTOCOL_ERROR)

    def test_8_2_2_te_trailers(self, way: str) -> None:
        assert sent(way, [*f.GET, ("te", "trailers")]).ended(1)

    def test_8_2_3_cookies_are_joined(self, way: str) -> None:
        fields = [*f.GET, ("cookie", "a=1"), ("x-test", "x"), ("cookie", "b=2"), ("cookie", "c=3")]
        request = sent(way, fields).exchanges[1].request
        assert request.fields[b"cookie"] == b"a=1; b=2; c=3"
        assert request.headers == [(b"host", b"a.example"), (b"cookie", b"a=1; b=2; c=3"), (b"x-test", b"x")]

    def test_8_2_3_and_count_as_one(self, way: str) -> None:
        peer = sent(way, [*f.GET, *[("cookie", f"c{n}=1") for n in range(300)]])
        assert peer.exchanges[1].request.fields[b"cookie"].count(b"; ") == 299

    def test_other_fields_are_joined_too(self, way: str) -> None:
        request = sent(way, [*f.GET, ("accept", "a"), ("accept", "b")]).exchanges[1].request
        assert request.fields[b"accept"] == b"a, b"
        assert request.headers == [(b"host", b"a.example"), (b"accept", b"a"), (b"accept", b"b")]


@in_all_ways
class Test_8_3_pseudo:
    @pytest.mark.parametrize("field", [(":test", "ok"), (":status", "200"), (":", ""), (":Method", "GET")])
    def test_unknown(self, way: str, field: tuple[str, str]) -> None:
        sent(way, [*f.GET, field]).resets(1, f.PROTOCOL_ERROR)

    def test_behind_others(self, way: str) -> None:
        sent(way, [*f.GET[:3], ("x-test", "ok"), f.GET[3]]).resets(1, f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("name", [":method", ":scheme", ":path", ":authority"])
    def test_repeated(self, way: str, name: str) -> None:
        sent(way, [*f.GET, (name, GET[name])]).resets(1, f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("name", [":method", ":scheme", ":path"])
    def test_8_3_1_missing(self, way: str, name: str) -> None:
        sent(way, without(name)).resets(1, f.PROTOCOL_ERROR)

    @pytest.mark.parametrize(
        "values",
        [
            {"path": ""},
            {"path": "a"},
            {"path": "*"},
            {"path": "http://a.example/"},
            {"method": ""},
            {"method": "GE T"},
            {"method": "G\u00e9T"},
            {"scheme": ""},
            {"scheme": "ht tp"},
            {"scheme": "1http"},
        ],
    )
    def test_8_3_1_not_valid(self, way: str, values: dict[str, str]) -> None:
        sent(way, having(**values)).resets(1, f.PROTOCOL_ERROR)

    def test_8_3_1_options_of_all(self, way: str) -> None:
        request = sent(way, having(method="OPTIONS", path="*")).exchanges[1].request
        assert (request.target, request.path) == (b"*", b"*")

    @pytest.mark.parametrize(
        ("values", "status"),
        [
            ({"authority": "user@a.example"}, 400),
            ({"authority": "a.example:99999"}, 400),
            ({"authority": "a b"}, 400),
            ({"authority": ":80"}, 400),
            ({"path": "/a b"}, 400),
            ({"path": "/a#b"}, 400),
            ({"path": "/\u00e9"}, 400),
            ({"path": "/" + "a" * 8190}, 414),
            ({"scheme": "ftp"}, 421),
            ({"method": "BREW"}, 501),
        ],
    )
    def test_what_http_itself_forbids_is_answered(self, way: str, values: dict[str, str], status: int) -> None:
        peer = sent(way, having(**values))
        assert peer.exchanges[1].refused == status
        assert peer.ended(1)
        peer.lives()

    def test_8_3_1_no_authority(self, way: str) -> None:
        assert sent(way, without(":authority")).exchanges[1].refused == 400

    def test_8_3_1_host_in_its_place(self, way: str) -> None:
        request = sent(way, [*without(":authority"), ("host", "b.example")]).exchanges[1].request
        assert request.authority == b"b.example"
        assert request.headers == [(b"host", b"b.example")]

    def test_8_3_1_both_and_the_same(self, way: str) -> None:
        request = sent(way, [*f.GET, ("host", "A.example")]).exchanges[1].request
        assert request.fields[b"host"] == b"a.example"

    def test_8_3_1_both_and_not_the_same(self, way: str) -> None:
        sent(way, [*f.GET, ("host", "b.example")]).resets(1, f.PROTOCOL_ERROR)

    def test_two_hosts(self, way: str) -> None:
        sent(way, [*f.GET, ("host", "a.example"), ("host", "a.example")]).resets(1, f.PROTOCOL_ERROR)

    def test_8_5_connect(self, way: str) -> None:
        peer = sent(way, [(":method", "CONNECT"), (":authority", "a.example:443")], end=False)
        assert peer.exchanges[1].refused == 501

    @pytest.mark.parametrize(
        "fields",
        [
            [(":method", "CONNECT")],
            [(":method", "CONNECT"), (":authority", "a"), (":path", "/")],
            [(":method", "CONNECT"), (":authority", "a"), (":scheme", "http")],
        ],
    )
    def test_8_5_connect_that_is_not_valid(self, way: str, fields: list[tuple[str, str]]) -> None:
        sent(way, fields, end=False).resets(1, f.PROTOCOL_ERROR)


@in_all_ways
class Test_rfc8441_extended_connect:
    FIELDS = [(":method", "CONNECT"), (":protocol", "websocket"), *f.GET[1:], ("sec-websocket-version", "13")]  # noqa: RUF012

    def test_3_is_offered(self, way: str) -> None:
        assert b"\0\x08\0\0\0\1" in Peer(way).sent_bytes

    def test_4_asks_for_a_websocket(self, way: str) -> None:
        peer = sent(way, self.FIELDS, end=False)
        request = peer.exchanges[1].request
        assert request.websocket
        assert (request.method, request.path, request.authority) == ("CONNECT", b"/", b"a.example")

    @pytest.mark.parametrize("name", [":scheme", ":path", ":authority"])
    def test_4_not_valid(self, way: str, name: str) -> None:
        sent(way, [pair for pair in self.FIELDS if pair[0] != name], end=False).resets(1, f.PROTOCOL_ERROR)

    def test_4_the_method_must_be_connect(self, way: str) -> None:
        sent(way, [(":protocol", "websocket"), *f.GET], end=False).resets(1, f.PROTOCOL_ERROR)

    def test_another_protocol(self, way: str) -> None:
        fields = [(name, "connect-udp" if name == ":protocol" else value) for name, value in self.FIELDS]
        assert sent(way, fields, end=False).exchanges[1].refused == 501


@in_all_ways
class Test_limits:
    LIMITS = Http2Limits(http=Limits(fields=10, field_size=100, head=1000))

    def test_a_field_that_is_too_long(self, way: str) -> None:
        assert sent(way, [*f.GET, ("x", "v" * 101)], limits=self.LIMITS).exchanges[1].refused == 431

    def test_too_many_fields(self, way: str) -> None:
        fields = [*f.GET, *[(f"x{n}", "v") for n in range(11)]]
        assert sent(way, fields, limits=self.LIMITS).exchanges[1].refused == 431

    def test_a_head_that_is_too_large(self, way: str) -> None:
        peer = sent(way, [*f.GET, *[(f"x{n}", "v" * 90) for n in range(9)]], limits=self.LIMITS)
        assert peer.exchanges[1].refused == 431
        assert peer.exchanges[1].request is None
        peer.lives()

    def test_that_is_far_too_large_to_be_decoded(self, way: str) -> None:
        peer = Peer(way, self.LIMITS)
        peer.send(f.frame(f.HEADERS, f.END_STREAM, 1, b"\x82"))
        for _ in range(3):
            peer.send(f.frame(f.CONTINUATION, 0, 1, b"\x00\x01a\x7f\x80\x06" + b"v" * 800))
            if peer.machine.over is not None:
                break
        peer.ends_with(f.ENHANCE_YOUR_CALM)

    def test_is_told(self, way: str) -> None:
        assert b"\0\x06" + (1000).to_bytes(4, "big") in Peer(way, self.LIMITS).sent_bytes


def answered(body: bytes, *headers: tuple[str, str], status: str = "200 OK", method: str = "GET") -> Peer:
    peer = Peer(answers=False)
    peer.send(peer.headers(1, having(method=method)))
    peer.answer(1, body, *headers, status=status)
    peer.flush()
    return peer


class Test_answers:
    def test_fields_of_the_server(self) -> None:
        peer = answered(b"x", ("Content-Type", "text/plain"))
        assert peer.head(1) == {
            ":status": "200",
            "content-type": "text/plain",
            "date": "Sun, 06 Nov 1994 08:49:37 GMT",
            "content-length": "1",
        }

    def test_own_date(self) -> None:
        assert answered(b"x", ("Date", "today")).head(1)["date"] == "today"

    def test_names_are_lower_case_and_values_without_blanks_around(self) -> None:
        assert answered(b"x", ("X-UPPER", "  a b\t")).head(1)["x-upper"] == "a b"

    @pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
    def test_without_content(self, status: str) -> None:
        peer = answered(b"unwanted", status=status)
        assert "content-length" not in peer.head(1)
        assert [sent.kind for sent in peer.frames] == [f.HEADERS]
        assert peer.ended(1)

    def test_205(self) -> None:
        peer = answered(b"unwanted", status="205 Reset Content")
        assert peer.head(1)["content-length"] == "0"
        assert peer.ended(1)

    @pytest.mark.parametrize(("body", "headers"), [(b"12345", []), (b"", [("Content-Length", "5")])])
    def test_head(self, body: bytes, headers: list[tuple[str, str]]) -> None:
        peer = answered(body, *headers, method="HEAD")
        assert peer.head(1)["content-length"] == "5"
        assert peer.body(1) == b""
        assert peer.ended(1)

    def test_more_than_was_stated_is_cut_off(self) -> None:
        peer = answered(b"12345678", ("Content-Length", "5"))
        assert peer.body(1) == b"12345"
        assert peer.ended(1)

    def test_less_than_was_stated_is_no_good_end(self) -> None:
        peer = answered(b"123", ("Content-Length", "5"))
        assert peer.body(1) == b"123"
        assert not peer.ended(1)
        assert [sent.code for sent in peer.of(f.RST_STREAM, 1)] == [f.INTERNAL_ERROR]
        peer.lives()

    @pytest.mark.parametrize(
        "pair",
        [
            ("Connection", "close"),
            ("Transfer-Encoding", "chunked"),
            ("Keep-Alive", "1"),
            ("Upgrade", "h2c"),
            ("a b", "c"),
            ("", "c"),
            ("X", "a\r\nb"),
            ("X", "a\0"),
            ("X", "\u20ac"),
            ("X", b"bytes"),
            ("X", 1),
            (b"X", "1"),
            ("Content-Length", "x"),
            ("X",),
            "X",
        ],
    )
    def test_what_may_not_be_said_is_not_and_the_table_stays_right(self, pair: tuple[str, str]) -> None:
        peer = Peer(answers=False)
        peer.get(1)
        for _ in range(3):
            with pytest.raises(AnswerError):
                peer.answer(1, b"", ("X-Before", "goes into the table"), pair)
        peer.answer(1, b"", ("X-Before", "goes into the table"))
        peer.flush()
        assert peer.head(1)["x-before"] == "goes into the table"

    def test_lists_for_tuples(self) -> None:
        assert answered(b"", ["X-List", "1"]).head(1)["x-list"] == "1"  # type: ignore[arg-type]

    def test_what_comes_again_takes_less(self) -> None:
        peer = Peer(answers=False)
        sizes = []
        for number in range(1, 9, 2):
            peer.get(number)
            peer.answer(number, b"x", ("X-Some-Field", "with a value of its own"), ("X-Other", "b" * 50))
            peer.flush()
            sizes.append(len(peer.of(f.HEADERS, number)[0].payload))
            assert peer.head(number)["x-other"] == "b" * 50
        assert sizes[-1] < sizes[0] - 70

    def test_secrets_are_never_indexed(self) -> None:
        peer = Peer(answers=False)
        for number in (1, 3, 5):
            peer.get(number)
            peer.answer(number, b"x", ("Set-Cookie", "a=b"))
            peer.flush()
            assert b"\x1f\x28\x03a=b" in peer.of(f.HEADERS, number)[0].payload

    def test_in_pieces_with_trailers(self) -> None:
        peer = Peer(answers=False)
        stream = peer.get(1).stream
        answers = peer.machine.answers
        answers.head(stream, "200 OK", [], b"")
        assert answers.piece(stream, b"one ") == 4
        answers.piece(stream, b"two")
        answers.end(stream, [("X-Sum", "7")])
        peer.machine.settle(stream, 0.0)
        peer.flush()
        assert [sent.kind for sent in peer.frames] == [f.HEADERS, f.DATA, f.DATA, f.HEADERS]
        assert [sent.ends for sent in peer.frames] == [False, False, False, True]
        assert "content-length" not in peer.head(1)
        assert dict(peer.decoder.decode(peer.frames[3].payload)) == {"x-sum": "7"}
        assert peer.machine.idle

    @pytest.mark.parametrize(("count", "size"), [(101, 1), (5, 15_000)])
    def test_a_head_request_that_is_refused_is_sent_no_content(self, count: int, size: int) -> None:
        """RFC 9110 section 9.3.2."""
        peer = Peer()
        peer.get(1)
        fields = [(":method", "HEAD"), *f.GET[1:], *[(f"x-{number}", "y" * size) for number in range(count)]]
        block = peer.block(fields)
        pieces = [block[at : at + 16_000] for at in range(0, len(block), 16_000)] + [b""]
        peer.send(f.frame(f.HEADERS, f.END_STREAM, 3, pieces[0]))
        peer.send(*[f.frame(f.CONTINUATION, 0, 3, piece) for piece in pieces[1:-1]])
        peer.send(f.frame(f.CONTINUATION, f.END_HEADERS, 3, pieces[-1]))
        assert peer.exchanges[3].refused == 431
        assert peer.of(f.DATA, 3) == []
        assert peer.ended(3)

    @pytest.mark.parametrize("between", [False, True])
    def test_trailers_after_the_peer_has_made_its_table_smaller(self, between: bool) -> None:
        """RFC 7541 section 4.2: the first block after that says so, whichever it is."""
        peer = Peer(answers=False, settings=f.settings((f.INITIAL_WINDOW_SIZE, 3)))
        stream = peer.get(1).stream
        peer.machine.answers.head(stream, "200 OK", [], b"")
        peer.machine.answers.piece(stream, b"body")
        peer.machine.answers.end(stream, [("X-Sum", "7")])
        peer.flush()
        peer.head(1)
        peer.send(f.settings((f.HEADER_TABLE_SIZE, 0)))
        peer.decoder.max_allowed_table_size = 0
        if between:
            peer.get(3)
            peer.answer(3, b"")
            peer.flush()
            assert peer.head(3)[":status"] == "200"
        peer.send(f.window_update(1, 1))
        trailers = peer.of(f.HEADERS, 1)[1]
        assert trailers.ends
        assert dict(peer.decoder.decode(trailers.payload)) == {"x-sum": "7"}

    @pytest.mark.parametrize("name", ["Content-Length", "Content-Type", "Host", "Trailer", "Set-Cookie\0"])
    def test_what_cannot_be_a_trailer(self, name: str) -> None:
        peer = Peer(answers=False)
        stream = peer.get(1).stream
        peer.machine.answers.head(stream, "200 OK", [], b"")
        with pytest.raises(AnswerError):
            peer.machine.answers.end(stream, [(name, "1")])

    def test_in_pieces_of_a_stated_length(self) -> None:
        peer = Peer(answers=False)
        stream = peer.get(1).stream
        answers = peer.machine.answers
        answers.head(stream, "200 OK", [("Content-Length", "5")], b"")
        assert answers.piece(stream, b"123") == 3
        assert answers.piece(stream, b"4567") == 2
        assert answers.piece(stream, b"89") == 0
        answers.end(stream, None)
        peer.flush()
        assert peer.body(1) == b"12345"
        assert peer.ended(1)

    def test_in_pieces_that_are_too_few(self) -> None:
        peer = Peer(answers=False)
        stream = peer.get(1).stream
        answers = peer.machine.answers
        answers.head(stream, "200 OK", [("Content-Length", "5")], b"")
        answers.piece(stream, b"123")
        answers.end(stream, None)
        peer.machine.settle(stream, 0.0)
        peer.flush()
        peer.resets(1, f.INTERNAL_ERROR)
        assert not peer.ended(1)

    def test_interim(self) -> None:
        peer = Peer(answers=False)
        stream = peer.get(1).stream
        peer.machine.answers.interim(stream, "103 Early Hints", [("Link", "</a.css>; rel=preload")])
        peer.answer(1)
        peer.flush()
        first, last = peer.of(f.HEADERS, 1)
        assert dict(peer.decoder.decode(first.payload)) == {":status": "103", "link": "</a.css>; rel=preload"}
        assert not first.ends
        assert dict(peer.decoder.decode(last.payload))[":status"] == "200"

    def test_broken_off(self) -> None:
        peer = Peer(answers=False)
        stream = peer.get(1).stream
        peer.machine.answers.head(stream, "200 OK", [], b"")
        peer.machine.abort(stream, 0.0)
        peer.flush()
        peer.resets(1, f.CANCEL)
        assert not peer.ended(1)

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize(
        ("status", "headers", "body"),
        [
            ("200 OK", [("Content-Type", "text/html"), ("ETag", '"a"')], b"content"),
            ("200 OK", [("Date", "own")], b""),
            ("304 Not Modified", [("ETag", '"a"')], b""),
            ("205 Reset Content", [], b""),
            ("404 Not Found", [("Content-Length", "3")], b"no!"),
        ],
    )
    def test_prepared(self, method: str, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """They are what the same answer is that is not prepared, on the second connection as on the first."""
        prepared = prepare(status, headers, body)
        assert bool(prepared.own & OWN_DATE) == any(name == "Date" for name, _ in headers)
        for _ in range(2):
            whole = answered(body, *prepared.headers, status=status, method=method)
            peer = Peer(answers=False)
            peer.send(peer.headers(1, having(method=method)))
            stream = peer.exchanges[1].stream
            peer.machine.answers.ready(stream, prepared, b"")
            peer.machine.settle(stream, 0.0)
            peer.flush()
            assert peer.head(1) == whole.head(1)
            assert peer.body(1) == whole.body(1)
            assert peer.ended(1)
            assert peer.machine.idle
