"""RFC 9112 section 5: field lines."""

from __future__ import annotations

import pytest

from tests.kit.wire import accepted, get, in_all_ways, refused


def _value(line: bytes, way: str) -> bytes:
    return accepted(get(b"Host: a", line), way).request.fields[b"x"]


@in_all_ways
class Test_5_FieldSyntax:
    @pytest.mark.parametrize(
        ("line", "value"),
        [
            (b"X:1", b"1"),
            (b"X: 1", b"1"),
            (b"X:    1", b"1"),
            (b"X:\t1", b"1"),
            (b"X: 1   ", b"1"),
            (b"X: 1\t", b"1"),
            (b"X: \t 1 \t ", b"1"),
            (b"X: a b\tc", b"a b\tc"),
            (b"X: a:b", b"a:b"),
            (b"X::", b":"),
            (b"x: 1", b"1"),
            (b"X: \xc3\xa9\xff\x80", b"\xc3\xa9\xff\x80"),
            (b"X: !\"#$%&'()*+,-./<=>?@[\\]^_`{|}~", b"!\"#$%&'()*+,-./<=>?@[\\]^_`{|}~"),
        ],
    )
    def test_optional_white_space_is_not_the_value(self, way: str, line: bytes, value: bytes) -> None:
        assert _value(line, way) == value

    @pytest.mark.parametrize("line", [b"X:", b"X: ", b"X:\t", b"X:  \t  "])
    def test_a_value_may_be_empty(self, way: str, line: bytes) -> None:
        request = accepted(get(b"Host: a", line, b"Y: 2"), way).request
        assert request.headers == [(b"host", b"a"), (b"x", b""), (b"y", b"2")]

    def test_every_character_of_a_token_may_stand_in_a_name(self, way: str) -> None:
        name = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
        assert accepted(get(b"Host: a", name.upper() + b": 1"), way).request.fields[name] == b"1"

    def test_underscore_and_hyphen_are_two_names(self, way: str) -> None:
        fields = accepted(get(b"Host: a", b"X-Y: 1", b"X_Y: 2"), way).request.fields
        assert (fields[b"x-y"], fields[b"x_y"]) == (b"1", b"2")


@in_all_ways
class Test_5_1_FieldLineParsing:
    @pytest.mark.parametrize(
        "line",
        [
            b"X : 1",
            b"X\t: 1",
            b"X :",
            b"Content-Length : 5",
            b"Transfer-Encoding : chunked",
            b"Transfer-Encoding\t: chunked",
            b"Host : a",
        ],
    )
    def test_no_white_space_before_the_colon(self, way: str, line: bytes) -> None:
        # A server MUST reject it with 400.
        refused(get(b"Host: a", line), 400, way)

    @pytest.mark.parametrize(
        "line",
        [
            b"X",
            b"X 1",
            b": 1",
            b":",
            b"X Y: 1",
            b"X(Y): 1",
            b"X@: 1",
            b"X/Y: 1",
            b"[X]: 1",
            b"X=Y: 1",
            b'"X": 1',
            b"X,Y: 1",
            b"X;: 1",
            b"{X}: 1",
            b"\xc3\xa9: 1",
            b"X\x80: 1",
            b"X\\: 1",
            b"GET / HTTP/1.1",
        ],
    )
    def test_a_name_is_a_token(self, way: str, line: bytes) -> None:
        refused(get(b"Host: a", line), 400, way)
        refused(get(line, b"Host: a"), 400, way)

    @pytest.mark.parametrize("value", [b"a\0b", b"\0", b"a\x08b", b"a\x0bb", b"a\x7fb", b"\x0b1", b"1\x0c"])
    def test_no_control_character_in_a_value(self, way: str, value: bytes) -> None:
        refused(get(b"Host: a", b"X: " + value), 400, way)


@in_all_ways
class Test_5_2_ObsoleteLineFolding:
    @pytest.mark.parametrize(
        "lines",
        [
            (b"Host: a", b"X: 1", b" 2"),
            (b"Host: a", b"X: 1", b"\t2"),
            (b"Host: a", b"X:", b" 2"),
            (b"Host: a", b"X: 1", b" "),
            (b"Host: a", b" b"),
            (b"Host: a", b"Transfer-Encoding:", b" chunked"),
            (b"Host: a", b"Content-Length: 1", b" 0"),
            (b"Host: a", b"X: 1", b" Y: 2"),
        ],
    )
    def test_it_is_rejected(self, way: str, lines: tuple[bytes, ...]) -> None:
        refused(get(*lines), 400, way)
