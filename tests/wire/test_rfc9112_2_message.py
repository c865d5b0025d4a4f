"""RFC 9112 section 2: what a message is made of, how robust its reading may be, and its version."""

from __future__ import annotations

import pytest

from tests.kit.wire import Peer, accepted, get, in_all_ways, refused, waiting


@in_all_ways
class Test_2_1_MessageFormat:
    def test_start_line_fields_and_empty_line(self, way: str) -> None:
        message = accepted(b"GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nX-One: 1\r\n\r\n", way)
        request = message.request
        assert (request.method, request.target, request.version) == ("GET", b"/a?b=c", "1.1")
        assert request.headers == [(b"host", b"a.example"), (b"x-one", b"1")]
        assert (request.length, message.body) == (0, b"")

    def test_no_fields_at_all(self, way: str) -> None:
        assert accepted(b"GET / HTTP/1.0\r\n\r\n", way).request.headers == []

    def test_order_and_repetition_are_kept(self, way: str) -> None:
        lines = (b"Host: a", b"B: 2", b"A: 1", b"B: 3")
        assert accepted(get(*lines), way).request.headers == [
            (b"host", b"a"),
            (b"b", b"2"),
            (b"a", b"1"),
            (b"b", b"3"),
        ]

    def test_a_head_without_its_empty_line_is_no_request_yet(self, way: str) -> None:
        assert waiting(b"GET / HTTP/1.1\r\nHost: a\r\n", way).messages == []


@in_all_ways
class Test_2_2_MessageParsing:
    @pytest.mark.parametrize("count", [1, 2, 50])
    def test_empty_lines_before_the_request_line_are_ignored(self, way: str, count: int) -> None:
        assert accepted(b"\r\n" * count + get(), way).request.target == b"/"

    def test_empty_lines_alone_are_nothing(self, way: str) -> None:
        assert waiting(b"\r\n\r\n\r\n", way).machine.idle

    @pytest.mark.parametrize("before", [b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\r\n\n", b"\r\n\r", b" \r\n", b"\0"])
    def test_nothing_else_before_the_request_line(self, way: str, before: bytes) -> None:
        refused(before + get(), 400, way)

    @pytest.mark.parametrize(
        "head",
        [
            b"GET / HTTP/1.1\nHost: a\n\n",
            b"GET / HTTP/1.1\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\nY: 2\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\n\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        ],
    )
    def test_a_bare_lf_ends_no_line(self, way: str, head: bytes) -> None:
        # A recipient MAY take it for a line end; one that does not cannot disagree with its neighbour.
        refused(head, 400, way)

    @pytest.mark.parametrize(
        "head",
        [
            b"GET / HTTP/1.1\rHost: a\r\n\r\n",
            b"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET\r/ HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\rX: 1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nX\r: 1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nX:\r1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n\rX: 1\r\n\r\n",
        ],
    )
    def test_a_bare_cr_is_invalid(self, way: str, head: bytes) -> None:
        refused(head, 400, way)

    @pytest.mark.parametrize("blank", [b" ", b"\t", b"  ", b" \t"])
    def test_white_space_before_the_first_field(self, way: str, blank: bytes) -> None:
        refused(b"GET / HTTP/1.1\r\n" + blank + b"Host: a\r\n\r\n", 400, way)
        refused(b"GET / HTTP/1.1\r\n" + blank + b"\r\nHost: a\r\n\r\n", 400, way)

    @pytest.mark.parametrize(
        "junk",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\xff\xfe\xfd",
            b'{"jsonrpc": "2.0"}\r\n\r\n',
            b"<xml/>\r\n\r\n",
            b":\r\n\r\n",
        ],
    )
    def test_what_is_not_http_is_refused(self, way: str, junk: bytes) -> None:
        refused(junk, 400, way)

    @pytest.mark.parametrize("byte", [b"\0", b"\x01", b"\x0b", b"\x0c", b"\x1b", b"\x7f"])
    def test_control_characters_are_nowhere(self, way: str, byte: bytes) -> None:
        refused(b"GET /" + byte + b" HTTP/1.1\r\nHost: a\r\n\r\n", 400, way)
        refused(b"G" + byte + b"T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, way)
        refused(get(b"Host: a", b"X" + byte + b": 1"), 400, way)
        refused(get(b"Host: a", b"X: " + byte), 400, way)


class Test_2_2_EarlyRefusal:
    """What can never become a request is refused at its first wrong byte, not after a deadline."""

    @pytest.mark.parametrize("start", [b"\x16", b"\n", b" ", b"\0", b"\xc3"])
    def test_at_the_first_byte(self, start: bytes) -> None:
        peer = Peer().send(start)
        assert peer.fault is not None
        assert peer.fault.status == 400

    @pytest.mark.parametrize("start", [b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\r\nHost: a\rb", b"\rG"])
    def test_at_a_bare_line_end(self, start: bytes) -> None:
        peer = Peer().send(start)
        assert peer.fault is not None
        assert peer.fault.status == 400


@in_all_ways
class Test_2_3_Version:
    @pytest.mark.parametrize("version", [b"1.0", b"1.1"])
    def test_both_versions_are_served(self, way: str, version: bytes) -> None:
        assert accepted(get(version=b"HTTP/" + version), way).request.version == version.decode()

    @pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/3.0", b"HTTP/0.9", b"HTTP/9.9"])
    def test_another_major_version_is_not(self, way: str, version: bytes) -> None:
        refused(get(version=version), 505, way)

    @pytest.mark.parametrize("version", [b"HTTP/1.2", b"HTTP/1.9"])
    def test_nor_a_higher_minor_one(self, way: str, version: bytes) -> None:
        # RFC 9110 section 6.2 would have it read as 1.1 (SHOULD). Nobody sends it, and it never will be.
        refused(get(version=version), 505, way)

    @pytest.mark.parametrize(
        "version",
        [
            b"http/1.1",
            b"Http/1.1",
            b"HTTP/1",
            b"HTTP/1.",
            b"HTTP/.1",
            b"HTTP/11",
            b"HTTP/1.10",
            b"HTTP/01.1",
            b"HTTP/1.1.1",
            b"HTTP/1,1",
            b"HTTP/ 1.1",
            b"HTTP /1.1",
            b"HTTP/+1.1",
            b"HTTP/1.1x",
            b"HTTPS/1.1",
            b"ICE/1.0",
            b"RTSP/1.0",
            b"HTTP/\xb9.1",
            b"",
        ],
    )
    def test_malformed_versions(self, way: str, version: bytes) -> None:
        refused(get(version=version), 400, way)

    def test_the_simple_request_of_http_0_9(self, way: str) -> None:
        refused(b"GET /\r\n\r\n", 400, way)

    def test_the_preface_of_http_2(self, way: str) -> None:
        refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505), way)
