"""RFC 9110 section 14: range requests."""

from __future__ import annotations

import email
import email.policy
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.core.ranges import MOST_RANGES, Span, content_range, multipart, parse_range, unsatisfied_range

SIZE = 10_000


def asked(value: str, size: int = SIZE) -> list[tuple[int, int]] | None:
    """First and last position of each part."""
    spans = parse_range(value.encode(), size)
    return None if spans is None else [(span.offset, span.offset + span.length - 1) for span in spans]


class Test_14_1_2_ByteRanges:
    @pytest.mark.parametrize(
        ("value", "first", "last"),
        [
            ("bytes=0-499", 0, 499),
            ("bytes=500-999", 500, 999),
            ("bytes=-500", 9500, 9999),
            ("bytes=9500-", 9500, 9999),
            ("bytes=0-0", 0, 0),
            ("bytes=-1", 9999, 9999),
            ("bytes=9999-9999", 9999, 9999),
            ("bytes=0-", 0, 9999),
            ("bytes=-10000", 0, 9999),
            ("bytes=-20000", 0, 9999),
            ("bytes=9000-20000", 9000, 9999),
            ("bytes=000-00", 0, 0),
            ("bytes=1-99999999999999999999999999", 1, 9999),
            ("bytes= 0-1", 0, 1),
            ("bytes=,0-1 ,", 0, 1),
            ("Bytes=0-1", 0, 1),
            ("bytes=0-" + "9" * 5000, 0, 9999),
        ],
    )
    def test_one_range(self, value, first, last) -> None:
        assert asked(value) == [(first, last)]

    def test_the_first_and_last_bytes_only(self) -> None:
        """The example of the section."""
        assert asked("bytes=0-0,-1") == [(0, 0), (9999, 9999)]

    def test_the_first_middle_and_last_thousand(self) -> None:
        assert asked("bytes= 0-999, 4500-5499, -1000") == [(0, 999), (4500, 5499), (9000, 9999)]

    @pytest.mark.parametrize("value", ["bytes=10000-", "bytes=10000-10000", "bytes=-0", "bytes=99999-,-0"])
    def test_unsatisfiable(self, value) -> None:
        assert asked(value) == []

    def test_what_is_not_there_is_left_out_of_a_set(self) -> None:
        assert asked("bytes=0-0,10000-10001") == [(0, 0)]


class Test_14_2_Range:
    @pytest.mark.parametrize(
        "value",
        [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=2-1",
            "bytes=1-2-3",
            "bytes=1 - 2",
            "bytes=+1-2",
            "bytes=--1",
            "bytes=0x1-0x2",
            "bytes 0-1",
            "bytes=0-1;2-3",
            "bytes=0-1, x",
            "items=0-1",
            "bytes=\xb2-\xb3",
        ],
    )
    def test_what_is_malformed_or_of_another_unit_is_ignored(self, value) -> None:
        assert asked(value) is None

    def test_too_many_are_ignored(self) -> None:
        spread = [f"{i * 1000}-{i * 1000}" for i in range(MOST_RANGES + 1)]
        assert len(asked("bytes=" + ",".join(spread[:-1]), 10**6) or []) == MOST_RANGES
        assert asked("bytes=" + ",".join(spread), 10**6) is None

    def test_the_whole_asked_for_in_many_ways_is_the_whole(self) -> None:
        assert asked("bytes=0-,0-,0-,0-") is None
        assert asked("bytes=" + ",".join(f"{i}-" for i in range(60))) is None
        assert asked("bytes=0-4999,5000-") is None

    def test_of_nothing_the_whole_is_sent(self) -> None:
        assert asked("bytes=0-", 0) is None
        assert asked("bytes=-5", 0) is None

    def test_a_long_hostile_field_takes_no_time(self) -> None:
        began = time.process_time()
        for value in (b"bytes=" + b"1" * 65_000, b"bytes=" + b"-" * 65_000, b"bytes=" + b"0-," * 20_000):
            parse_range(value, SIZE)
        assert time.process_time() - began < 1.0

    @given(
        st.one_of(st.binary(max_size=80), st.from_regex(rb"bytes=[0-9, -]{0,40}", fullmatch=True)), st.integers(0, 300)
    )
    def test_what_is_given_is_within_and_apart(self, value, size) -> None:
        spans = parse_range(value, size)
        for span in spans or ():
            assert span.offset >= 0 and span.length > 0 and span.offset + span.length <= size
        in_order = sorted(spans or ())
        assert all(a.offset + a.length < b.offset for a, b in itertools.pairwise(in_order))


class Test_15_3_7_2_MultipleParts:
    def test_overlapping_ones_become_one(self) -> None:
        assert asked("bytes=0-99,50-199,150-299") == [(0, 299)]
        assert asked("bytes=500-600,601-999") == [(500, 999)]

    def test_near_ones_become_one(self) -> None:
        assert asked("bytes=0-99,120-199") == [(0, 199)]
        assert asked("bytes=0-99,1120-1199") == [(0, 99), (1120, 1199)]

    def test_order_is_that_of_the_request(self) -> None:
        assert asked("bytes=-10,0-9") == [(9990, 9999), (0, 9)]
        assert asked("bytes=5000-5009,0-9,5010-5020") == [(5000, 5020), (0, 9)]


class Test_14_4_ContentRange:
    def test_positions_and_size(self) -> None:
        assert content_range(Span(0, 1), 47022) == "bytes 0-0/47022"
        assert content_range(Span(42, 1192), 1234) == "bytes 42-1233/1234"

    def test_unsatisfied(self) -> None:
        assert unsatisfied_range(47022) == "bytes */47022"


class Test_14_6_Multipart:
    CONTENT = bytes(i % 251 for i in range(SIZE))

    def test_a_mail_reader_takes_it_apart(self) -> None:
        spans = parse_range(b"bytes=0-0,4500-5499,-1", SIZE)
        assert spans is not None
        parts = multipart(spans, SIZE, "application/pdf", "THIS_STRING_SEPARATES")
        body = b"".join(
            head + self.CONTENT[span.offset : span.offset + span.length]
            for head, span in zip(parts.heads, spans, strict=True)
        )
        body += parts.tail
        assert len(body) == parts.length
        head = b"Content-Type: multipart/byteranges; boundary=THIS_STRING_SEPARATES\r\n\r\n"
        message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
        found = [(part["Content-Type"], part["Content-Range"]) for part in message.iter_parts()]
        assert found == [
            ("application/pdf", "bytes 0-0/10000"),
            ("application/pdf", "bytes 4500-5499/10000"),
            ("application/pdf", "bytes 9999-9999/10000"),
        ]

    def test_a_type_that_is_not_known_is_not_told(self) -> None:
        assert b"Content-Type" not in multipart([Span(0, 1)], SIZE, "", "x").heads[0]
