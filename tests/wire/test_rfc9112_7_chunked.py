"""RFC 9112 section 7: the chunked transfer coding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kit.wire import LIMITS, Peer, accepted, chunked, in_all_ways, refused, single, waiting

LAST = b"0\r\n\r\n"


@in_all_ways
class Test_7_1_ChunkedCoding:
    @pytest.mark.parametrize(
        ("body", "content"),
        [
            (LAST, b""),
            (b"5\r\nhello\r\n" + LAST, b"hello"),
            (b"1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n" + LAST, b"abcdef"),
            (b"a\r\n0123456789\r\n" + LAST, b"0123456789"),
            (b"A\r\n0123456789\r\n" + LAST, b"0123456789"),
            (b"1a\r\n" + b"x" * 26 + b"\r\n" + LAST, b"x" * 26),
            (b"1A\r\n" + b"x" * 26 + b"\r\n" + LAST, b"x" * 26),
            (b"005\r\nhello\r\n000\r\n\r\n", b"hello"),
            (b"000000000000005\r\nhello\r\n" + LAST, b"hello"),
            (b"2\r\n\r\n\r\n" + LAST, b"\r\n"),
            (b"5\r\n0\r\n\r\n\r\n" + LAST, b"0\r\n\r\n"),
            (b"3\r\n\0\xff\r\r\n" + LAST, b"\0\xff\r"),
        ],
    )
    def test_sizes_are_hexadecimal(self, way: str, body: bytes, content: bytes) -> None:
        assert accepted(chunked(body), way).body == content

    @pytest.mark.parametrize(
        "size",
        [
            b"",
            b"g",
            b"0x5",
            b"0X5",
            b"x5",
            b"5h",
            b"-5",
            b"-0",
            b"+5",
            b" 5",
            b"\t5",
            b"5 ",
            b"5\t",
            b"5  ",
            b"5 5",
            b"5_0",
            b"0_5",
            b"5.",
            b"5,",
            b'"5"',
            b"\xb2",
            b"\xd9\xa5",
            b"5\0",
            b"\x0b5",
            b"5\x0b",
            b"10000000000000005",
            b"ffffffffffffffff",
            b"fffffffffffffffff5",
            b"f" * 1000,
            b"0" * 1000 + b"5",
            b"\r\n5",
        ],
    )
    def test_what_is_no_size(self, way: str, size: bytes) -> None:
        refused(chunked(size + b"\r\nhello\r\n" + LAST), 400, way)
        refused(chunked(b"5\r\nhello\r\n" + size + b"\r\nhello\r\n" + LAST), 400, way)

    def test_the_largest_size(self, way: str) -> None:
        assert waiting(chunked(b"fffffffffffffff\r\nhello"), way).messages[0].body == b"hello"

    @pytest.mark.parametrize(
        "body",
        [
            b"5\nhello\r\n" + LAST,
            b"5\rhello\r\n" + LAST,
            b"5\r\rhello\r\n" + LAST,
            b"5\r\nhello\n" + LAST,
            b"5\r\nhello\r" + LAST,
            b"5\r\nhello\n\r" + LAST,
            b"5\r\nhello" + LAST,
            b"5\r\nhello \r\n" + LAST,
            b"5\r\nhello\r\n0\n\r\n",
            b"5\r\nhello\r\n0\r\n\n",
            b"5\r\nhello\r\n0\n\n",
            b"5\r\nhello\r\n0\r\r\n",
            b"5\r\nhello\r\n\r\n" + LAST,
        ],
    )
    def test_every_line_ends_with_crlf(self, way: str, body: bytes) -> None:
        refused(chunked(body), 400, way)

    @pytest.mark.parametrize(
        "body",
        [
            b"4\r\nhello\r\n" + LAST,
            b"3\r\nhello\r\n" + LAST,
            b"6\r\nhello\r\n" + LAST,
            b"7\r\nhello\r\n" + LAST,
        ],
    )
    def test_data_of_another_size_than_said(self, way: str, body: bytes) -> None:
        refused(chunked(body), 400, way)


@in_all_ways
class Test_7_1_1_Extensions:
    @pytest.mark.parametrize(
        "extension",
        [
            b";a",
            b";a=b",
            b";a=b;c=d",
            b";a;b;c",
            b' ; a = b \t; c="d e"',
            b';a="b"',
            b';a=""',
            b';a="\\""',
            b';a="\\\\"',
            b';a="b;c=d\t\xff,"',
            b";!#$%&'*+-.^_`|~=1",
        ],
    )
    def test_they_are_read_and_ignored(self, way: str, extension: bytes) -> None:
        body = b"5" + extension + b"\r\nhello\r\n0" + extension + b"\r\n\r\n"
        assert accepted(chunked(body), way).body == b"hello"

    @pytest.mark.parametrize(
        "extension",
        [
            b";",
            b"; ",
            b";;",
            b";a;",
            b";a=",
            b";=b",
            b";a=b c",
            b";a b",
            b";a=b ",
            b" ;a ",
            b' ;a="b" ',
            b"=a",
            b",a",
            b"g",
            b';a="b',
            b';a="b\\"',
            b';a=b"',
            b';a="b"c',
            b';"a"=b',
            b";a='b c'",
            b";a=(b)",
            b";a=b\0",
            b';a="b\0"',
            b';a="\x7f"',
            b";a=\xff",
            b";\xff",
            b";a\r=b",
            b";a=b\rc",
            b";a=b\r",
            b';a="b\rc"',
            b';a="\\\r"',
            b";a\n",
            b";a=b\nc",
            b';a="b\nc"',
            b';a="\r\n"',
            b';a="\\\n"',
            b";a\x0b=b",
        ],
    )
    def test_malformed(self, way: str, extension: bytes) -> None:
        refused(chunked(b"5" + extension + b"\r\nhello\r\n" + LAST), 400, way)

    def test_longest_line(self, way: str) -> None:
        extension = b";" + b"a" * (LIMITS.chunk_line - len("5;\r\n"))
        assert accepted(chunked(b"5" + extension + b"\r\nhello\r\n" + LAST), way).body == b"hello"
        refused(chunked(b"5" + extension + b"a\r\nhello\r\n" + LAST), 400, way)

    def test_a_line_without_end(self, way: str) -> None:
        refused(chunked(b"5;" + b"a" * 5_000), 400, way)
        refused(chunked(b'5;a="' + b"a" * 5_000), 400, way)
        refused(chunked(b"5" + b" " * 5_000), 400, way)

    def test_the_total_is_bounded(self, way: str) -> None:
        limits = replace(LIMITS, chunk_extensions=40)
        chunk = b"1;aaaaaaaaa\r\nx\r\n"
        assert accepted(chunked(chunk * 4 + LAST), way, limits).body == b"xxxx"
        refused(chunked(chunk * 4 + b"1;\r\nx\r\n" + LAST), 400, way, limits)
        refused(chunked(chunk * 5 + LAST), 400, way, limits)
        refused(chunked(chunk * 4 + b"0;a\r\n\r\n"), 400, way, limits)

    def test_signed_uploads_of_any_size(self, way: str) -> None:
        """An object store's clients sign each chunk in an extension of some ninety bytes."""
        limits = replace(LIMITS, chunk_extensions=200)
        chunk = b"1800;chunk-signature=" + b"a" * 64 + b"\r\n" + b"x" * 0x1800 + b"\r\n"
        assert len(accepted(chunked(chunk * 8 + LAST), way, limits).body) == 8 * 0x1800


@in_all_ways
class Test_7_1_2_Trailers:
    def test_they_stay_apart_from_the_fields_of_the_head(self, way: str) -> None:
        message = accepted(chunked(b"5\r\nhello\r\n0\r\nX-Sum: 1 \r\nx-other:\t2\r\nX-Sum:\r\n\r\n"), way)
        assert message.trailers == [(b"x-sum", b"1"), (b"x-other", b"2"), (b"x-sum", b"")]
        assert message.request.headers == [(b"host", b"a"), (b"transfer-encoding", b"chunked")]
        assert set(message.request.fields) == {b"host", b"transfer-encoding"}

    @pytest.mark.parametrize(
        "line",
        [
            # RFC 9110 section 6.5.1: framing, routing, authentication, request modifiers, content format.
            b"Content-Length: 3",
            b"Transfer-Encoding: chunked",
            b"Trailer: X",
            b"TE: trailers",
            b"Host: evil.example",
            b"Connection: close",
            b"Upgrade: h2c",
            b"Authorization: Basic YTpi",
            b"Proxy-Authorization: Basic YTpi",
            b"Cookie: a=b",
            b"Expect: 100-continue",
            b"Cache-Control: no-store",
            b"Pragma: no-cache",
            b"Max-Forwards: 1",
            b"Range: bytes=0-0",
            b"If-Match: *",
            b"If-None-Match: *",
            b"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
            b"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
            b"If-Range: x",
            b"Forwarded: for=::1",
            b"Content-Type: text/html",
            b"Content-Encoding: gzip",
            b"Content-Range: bytes 0-0/1",
        ],
    )
    def test_forbidden_ones_are_dropped(self, way: str, line: bytes) -> None:
        message = accepted(chunked(b"5\r\nhello\r\n0\r\nX: 1\r\n" + line + b"\r\nY: 2\r\n\r\n"), way)
        assert message.trailers == [(b"x", b"1"), (b"y", b"2")]
        assert message.request.keep_alive

    @pytest.mark.parametrize(
        "trailers",
        [
            b"X\r\n",
            b"X 1\r\n",
            b"X : 1\r\n",
            b": 1\r\n",
            b" X: 1\r\n",
            b"X: 1\r\n 2\r\n",
            b"X: 1\n",
            b"X: 1\rY: 2\r\n",
            b"X: a\0b\r\n",
            b"X\xff: 1\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n",
            b"X: 1\r\n\n",
            b"X: 1\r\n\r",
        ],
    )
    def test_malformed(self, way: str, trailers: bytes) -> None:
        refused(chunked(b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n"), 400, way)

    def test_their_size_is_bounded(self, way: str) -> None:
        limits = replace(LIMITS, trailers=100)
        line = b"X: " + b"a" * (100 - len("X: \r\n\r\n")) + b"\r\n"
        assert len(accepted(chunked(b"0\r\n" + line + b"\r\n"), way, limits).trailers) == 1
        refused(chunked(b"0\r\nX" + line + b"\r\n"), 431, way, limits)
        refused(chunked(b"0\r\nX: " + b"a" * 200), 431, way, limits)

    def test_their_number_is_bounded(self, way: str) -> None:
        limits = replace(LIMITS, fields=3)
        assert len(accepted(chunked(b"0\r\n" + b"X: 1\r\n" * 3 + b"\r\n"), way, limits).trailers) == 3
        refused(chunked(b"0\r\n" + b"X: 1\r\n" * 4 + b"\r\n"), 431, way, limits)


class Test_7_1_EarlyRefusal:
    @pytest.mark.parametrize("start", [b"g", b"-", b" ", b"\r", b"5\r\nhellox", b"5\r\nhello\rx", b"5\n", b"0\r\nX\n"])
    def test_at_the_byte_that_cannot_be_right(self, start: bytes) -> None:
        peer = Peer().send(chunked(b""), *single(start))
        assert peer.fault is not None
        assert peer.fault.status == 400
