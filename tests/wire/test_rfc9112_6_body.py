"""RFC 9112 section 6: whether there is a body, and where it ends."""

from __future__ import annotations

import pytest

from tests.kit.wire import Peer, accepted, chunked, get, in_all_ways, post, refused, waiting

ONE_CHUNK = b"5\r\nhello\r\n0\r\n\r\n"


@in_all_ways
class Test_6_1_TransferEncoding:
    @pytest.mark.parametrize("value", [b"chunked", b"Chunked", b"CHUNKED", b"chUNked", b" \tchunked  "])
    def test_chunked(self, way: str, value: bytes) -> None:
        message = accepted(post(b"Transfer-Encoding:" + value, body=ONE_CHUNK), way)
        assert (message.request.length, message.body) == (-1, b"hello")

    def test_a_tab_behind_it(self, way: str) -> None:
        # White space that the RFC ignores, and not every server: what could be read in two ways is not read at all.
        refused(post(b"Transfer-Encoding: chunked\t", body=ONE_CHUNK), 400, way)

    @pytest.mark.parametrize("method", [b"GET", b"DELETE", b"OPTIONS", b"HEAD"])
    def test_with_any_method(self, way: str, method: bytes) -> None:
        assert (
            accepted(get(b"Host: a", b"Transfer-Encoding: chunked", method=method) + ONE_CHUNK, way).body == b"hello"
        )

    @pytest.mark.parametrize(
        "value", [b"gzip, chunked", b"GZIP,Chunked", b"deflate, gzip, chunked", b"foo;a=b, chunked"]
    )
    def test_codings_before_chunked_are_not_implemented(self, way: str, value: bytes) -> None:
        refused(post(b"Transfer-Encoding: " + value, body=ONE_CHUNK), 501, way)

    @pytest.mark.parametrize(
        "value",
        [
            b"gzip",
            b"identity",
            b"chunked, gzip",
            b"chunked, identity",
            b"chunked, chunked",
            b"chunked,chunked",
            b"gzip, chunked, chunked",
            b"xchunked",
            b"chunkedx",
            b"chunke",
            b"chunked;",
            b"chunked;a=b",
            b"chunked, gzip;chunked",
            b"chunked,",
            b", chunked",
            b"chunked chunked",
            b"x chunked",
            b'"chunked"',
            b"'chunked'",
            b"chunked\xa0",
            b"\xa0chunked",
            b"chunked\x0b",
            b"\x0bchunked",
            b"\x0cchunked",
            b"chun\0ked",
            b"\xe3\x8f\x84hunked",
            b"(c)chunked",
            b"",
        ],
    )
    def test_chunked_is_last_once_and_spelt_right(self, way: str, value: bytes) -> None:
        # 6.3: where it is not the final coding, the server MUST respond with 400 and close the connection.
        refused(post(b"Transfer-Encoding: " + value, body=ONE_CHUNK), 400, way)

    @pytest.mark.parametrize(
        "lines",
        [
            (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
            (b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"),
            (b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip"),
            (b"Transfer-Encoding: identity", b"transfer-encoding: chunked"),
            (b"Transfer-Encoding:", b"Transfer-Encoding: chunked"),
        ],
    )
    def test_on_several_lines(self, way: str, lines: tuple[bytes, ...]) -> None:
        refused(post(*lines, body=ONE_CHUNK), (400, 501), way)

    @pytest.mark.parametrize(
        "lines",
        [
            (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
            (b"Transfer-Encoding: chunked", b"Content-Length: 15"),
            (b"Transfer-Encoding: chunked", b"Content-Length: 0"),
            (b"Transfer-Encoding: identity", b"Content-Length: 5"),
            (b"Transfer-Encoding: chunked", b"X: 1", b"content-length: 5"),
        ],
    )
    def test_with_content_length(self, way: str, lines: tuple[bytes, ...]) -> None:
        # The server MAY reject it, and MUST close the connection after it: it looks like smuggling.
        refused(post(*lines, body=ONE_CHUNK), 400, way)

    def test_in_http_1_0(self, way: str) -> None:
        # It MUST be treated as faulty framing.
        refused(post(b"Transfer-Encoding: chunked", body=ONE_CHUNK, version=b"HTTP/1.0"), 400, way)
        lines = (b"Connection: keep-alive", b"Transfer-Encoding: chunked")
        refused(post(*lines, body=ONE_CHUNK, version=b"HTTP/1.0"), 400, way)

    @pytest.mark.parametrize(
        "line",
        [
            b"X-Transfer-Encoding: chunked",
            b"Transfer_Encoding: chunked",
            b"TransferEncoding: chunked",
            b"Content-Encoding: chunked",
            b"TE: chunked",
        ],
    )
    def test_other_fields_frame_nothing(self, way: str, line: bytes) -> None:
        assert accepted(post(line), way).request.length == 0


@in_all_ways
class Test_6_2_ContentLength:
    @pytest.mark.parametrize(
        ("value", "body"),
        [(b"0", b""), (b"5", b"hello"), (b"00005", b"hello"), (b"  5\t ", b"hello"), (b"000000000", b"")],
    )
    def test_a_number(self, way: str, value: bytes, body: bytes) -> None:
        message = accepted(post(b"Content-Length:" + value, body=body), way)
        assert (message.request.length, message.body) == (len(body), body)

    @pytest.mark.parametrize(
        "body", [b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: b\r\n\r\n", bytes(range(256)), b"0\r\n\r\n"]
    )
    def test_a_body_is_any_bytes(self, way: str, body: bytes) -> None:
        assert accepted(post(b"Content-Length: %d" % len(body), body=body), way).body == body

    @pytest.mark.parametrize("method", [b"GET", b"HEAD", b"DELETE", b"OPTIONS", b"PUT"])
    def test_with_any_method(self, way: str, method: bytes) -> None:
        assert accepted(get(b"Host: a", b"Content-Length: 5", method=method) + b"hello", way).body == b"hello"

    @pytest.mark.parametrize(
        "lines",
        [
            (b"Content-Length: 5", b"Content-Length: 6"),
            (b"Content-Length: 5", b"Content-Length: 5"),
            (b"Content-Length: 5", b"content-length: 0"),
            (b"Content-Length: 0", b"X: 1", b"Content-Length: 5"),
            (b"Content-Length: 5", b"Content-Length:"),
        ],
    )
    def test_on_several_lines(self, way: str, lines: tuple[bytes, ...]) -> None:
        # Different values MUST be refused; the same one twice MAY be.
        refused(post(*lines, body=b"hello"), 400, way)

    @pytest.mark.parametrize(
        "value",
        [
            b"",
            b"5, 5",
            b"5,5",
            b"5, 6",
            b"5,",
            b",5",
            b"+5",
            b"-1",
            b"-0",
            b"0x5",
            b"0o5",
            b"5 5",
            b"5\t5",
            b"5.0",
            b"5e0",
            b"1_0",
            b"5;a",
            b'"5"',
            b"five",
            b"A",
            b"5\x0b",
            b"\x0b5",
            b"\xa05",
            b"5\xa0",
            b"5\0",
            b"\xd9\xa5",
            b"\xb2",
            b"\xef\xbc\x95",
            b"18446744073709551615",
            b"18446744073709551616",
            b"18446744073709551621",
            b"9223372036854775808",
            b"9" * 100,
            b"9" * 5000,
            b"0" * 5000 + b"5",
        ],
    )
    def test_what_is_no_length(self, way: str, value: bytes) -> None:
        refused(post(b"Content-Length: " + value, body=b"hello"), 400, way)

    def test_a_huge_one_is_a_length_still(self, way: str) -> None:
        peer = waiting(post(b"Content-Length: 999999999999999999", body=b"hello"), way)
        assert peer.messages[0].request.length == 999_999_999_999_999_999

    @pytest.mark.parametrize("line", [b"X-Content-Length: 5", b"Content_Length: 5", b"ContentLength: 5", b"Length: 5"])
    def test_other_fields_frame_nothing(self, way: str, line: bytes) -> None:
        assert accepted(post(line), way).request.length == 0


@in_all_ways
class Test_6_3_BodyLength:
    @pytest.mark.parametrize("method", [b"GET", b"POST", b"PUT", b"DELETE"])
    def test_neither_field_is_no_body(self, way: str, method: bytes) -> None:
        message = accepted(get(method=method), way)
        assert (message.request.length, message.body, message.complete) == (0, b"", True)

    def test_empty_chunked_body(self, way: str) -> None:
        message = accepted(chunked(b"0\r\n\r\n"), way)
        assert (message.request.length, message.body) == (-1, b"")

    def test_a_request_has_no_body_until_close(self, way: str) -> None:
        message = accepted(post(b"Connection: close", body=b""), way)
        assert (message.body, message.request.keep_alive) == (b"", False)

    def test_upgrade_takes_no_body_away(self, way: str) -> None:
        lines = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")
        assert accepted(post(*lines, b"Content-Length: 5", body=b"hello"), way).body == b"hello"
        assert accepted(post(*lines, b"Transfer-Encoding: chunked", body=ONE_CHUNK), way).body == b"hello"
        assert accepted(get(b"Host: a", *lines), way).request.keep_alive


class Test_6_3_Pieces:
    """A body is handed on as it arrives."""

    def test_with_a_length(self) -> None:
        peer = Peer().send(post(b"Content-Length: 6", body=b"ab"))
        assert peer.messages[0].body == b"ab"
        assert peer.machine.receiving
        peer.send(b"cd")
        assert peer.messages[0].body == b"abcd"
        peer.send(b"ef" + get(target=b"/next"))
        assert (peer.messages[0].body, peer.messages[0].complete) == (b"abcdef", True)
        assert peer.targets == [b"/", b"/next"]

    def test_in_chunks(self) -> None:
        peer = Peer().send(chunked(b"4\r\nab"))
        assert peer.messages[0].body == b"ab"
        peer.send(b"cd\r\n1;x=y\r\n")
        assert peer.messages[0].body == b"abcd"
        peer.send(b"e\r\n0\r\n\r\n" + get(target=b"/next"))
        assert (peer.messages[0].body, peer.messages[0].complete) == (b"abcde", True)
        assert peer.targets == [b"/", b"/next"]
