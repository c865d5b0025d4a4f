"""RFC 9110 section 13: conditional requests."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.core.clock import http_date
from hendrix.core.conditional import (
    NOT_MODIFIED,
    PERFORM,
    PRECONDITION_FAILED,
    Validators,
    entity_tags,
    judge,
    range_applies,
)

MODIFIED = 1_700_000_000
NOW = MODIFIED + 1000.0
HAS = Validators(b'"xyzzy"', MODIFIED)
WEAK = Validators(b'W/"xyzzy"', MODIFIED)
NOTHING = Validators(exists=False)
BEFORE, SAME, AFTER = (http_date(MODIFIED + delta) for delta in (-1, 0, 1))


def get(has: Validators = HAS, method: str = "GET", **fields: bytes) -> int:
    return judge(method, {name.replace("_", "-").encode(): value for name, value in fields.items()}, has, NOW)


def test_without_conditions_all_is_performed() -> None:
    assert get() == PERFORM
    assert get(NOTHING) == PERFORM


class Test_13_1_1_IfMatch:
    @pytest.mark.parametrize("value", [b'"xyzzy"', b'"a", "xyzzy"', b'"xyzzy" , "b"', b',, "xyzzy",', b"*"])
    def test_performed_where_one_matches(self, value) -> None:
        assert get(if_match=value) == PERFORM

    @pytest.mark.parametrize("value", [b'"a"', b'"a", "b"', b'"xyzz"', b"xyzzy", b"", b'"xyzzy', b'a"xyzzy"'])
    def test_412_where_none_does(self, value) -> None:
        assert get(if_match=value) == PRECONDITION_FAILED

    def test_a_weak_tag_never_matches(self) -> None:
        """The comparison is the strong one."""
        assert get(if_match=b'W/"xyzzy"') == PRECONDITION_FAILED
        assert get(WEAK, if_match=b'W/"xyzzy"') == PRECONDITION_FAILED
        assert get(WEAK, if_match=b'"xyzzy"') == PRECONDITION_FAILED

    def test_any_is_none_where_there_is_nothing(self) -> None:
        assert get(NOTHING, "PUT", if_match=b"*") == PRECONDITION_FAILED

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
    def test_for_every_method(self, method) -> None:
        assert get(HAS, method, if_match=b'"old"') == PRECONDITION_FAILED


class Test_13_1_2_IfNoneMatch:
    @pytest.mark.parametrize(
        "value",
        [
            b'"xyzzy"',
            b'W/"xyzzy"',
            b'"a", "xyzzy"',
            b'"a,b", W/"xyzzy"',
            b'W/"a",\tW/"xyzzy" , "c"',
            b"*",
            b', "xyzzy"',
        ],
    )
    def test_304_where_one_matches(self, value) -> None:
        assert get(if_none_match=value) == NOT_MODIFIED

    @pytest.mark.parametrize(
        "value",
        [
            b'"a"',
            b'"a", W/"b"',
            b'"xyzz", "y"',
            b'"a, "xyzzy"',
            b"xyzzy",
            b"W/xyzzy",
            b'w/"xyzzy"',
            b"",
            b"**",
            b'*,"a"',
        ],
    )
    def test_performed_where_none_does(self, value) -> None:
        assert get(if_none_match=value) == PERFORM

    def test_the_comparison_is_the_weak_one(self) -> None:
        assert get(WEAK, if_none_match=b'"xyzzy"') == NOT_MODIFIED
        assert get(WEAK, if_none_match=b'W/"xyzzy"') == NOT_MODIFIED

    @pytest.mark.parametrize(
        ("method", "answer"), [("GET", 304), ("HEAD", 304), ("PUT", 412), ("POST", 412), ("DELETE", 412)]
    )
    def test_only_reads_are_answered_304(self, method, answer) -> None:
        assert get(HAS, method, if_none_match=b"*") == answer

    def test_any_is_none_where_there_is_nothing(self) -> None:
        assert get(NOTHING, "PUT", if_none_match=b"*") == PERFORM

    def test_without_a_tag_only_any_matches(self) -> None:
        assert get(Validators(modified=MODIFIED), if_none_match=b'""') == PERFORM
        assert get(Validators(modified=MODIFIED), if_none_match=b"*") == NOT_MODIFIED


class Test_13_1_3_IfModifiedSince:
    @pytest.mark.parametrize(("date", "answer"), [(BEFORE, PERFORM), (SAME, NOT_MODIFIED), (AFTER, NOT_MODIFIED)])
    def test_304_unless_it_is_newer(self, date, answer) -> None:
        assert get(if_modified_since=date) == answer

    def test_ignored_where_tags_are_named(self) -> None:
        assert get(if_modified_since=AFTER, if_none_match=b'"old"') == PERFORM

    @pytest.mark.parametrize("value", [b"", b"soon", SAME + b", " + SAME, b'"xyzzy"'])
    def test_ignored_where_it_is_no_date(self, value) -> None:
        assert get(if_modified_since=value) == PERFORM

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_ignored_for_other_methods(self, method) -> None:
        assert get(HAS, method, if_modified_since=AFTER) == PERFORM

    def test_ignored_without_a_date_of_ours(self) -> None:
        assert get(Validators(b'"xyzzy"'), if_modified_since=AFTER) == PERFORM

    def test_the_old_forms_of_dates_are_known(self) -> None:
        old = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(MODIFIED)).encode()
        assert get(if_modified_since=old) == NOT_MODIFIED


class Test_13_1_4_IfUnmodifiedSince:
    @pytest.mark.parametrize(("date", "answer"), [(BEFORE, PRECONDITION_FAILED), (SAME, PERFORM), (AFTER, PERFORM)])
    def test_412_where_it_is_newer(self, date, answer) -> None:
        assert get(if_unmodified_since=date) == answer
        assert get(HAS, "PUT", if_unmodified_since=date) == answer

    def test_ignored_where_tags_are_named(self) -> None:
        assert get(if_unmodified_since=BEFORE, if_match=b'"xyzzy"') == PERFORM

    def test_ignored_where_it_is_no_date(self) -> None:
        assert get(if_unmodified_since=b"1700000000") == PERFORM
        assert get(Validators(b'"xyzzy"'), if_unmodified_since=BEFORE) == PERFORM


class Test_13_1_5_IfRange:
    @staticmethod
    def applies(value: bytes, has: Validators = HAS, now: float = NOW) -> bool:
        return range_applies({b"if-range": value}, has, now)

    def test_without_it_the_range_applies(self) -> None:
        assert range_applies({}, HAS, NOW)

    def test_a_tag_must_be_the_same_strongly(self) -> None:
        assert self.applies(b'"xyzzy"')
        assert not self.applies(b'"other"')
        assert not self.applies(b'W/"xyzzy"')
        assert not self.applies(b'W/"xyzzy"', WEAK)
        assert not self.applies(b'"xyzzy"', WEAK)

    def test_a_date_must_be_the_very_same(self) -> None:
        """Not merely later, as with If-Modified-Since."""
        assert self.applies(SAME)
        assert not self.applies(AFTER)
        assert not self.applies(BEFORE)

    def test_a_date_counts_only_once_its_second_is_over(self) -> None:
        assert not self.applies(SAME, now=MODIFIED + 0.9)
        assert self.applies(SAME, now=MODIFIED + 1.0)

    @pytest.mark.parametrize("value", [b"", b"*", b"xyzzy", b'"xyzzy", "b"', b"tomorrow"])
    def test_what_is_neither_is_not_met(self, value) -> None:
        assert not self.applies(value)


class Test_13_2_Evaluation:
    @pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT"])
    def test_methods_that_select_nothing_have_no_conditions(self, method) -> None:
        assert get(HAS, method, if_none_match=b"*", if_match=b'"old"') == PERFORM

    def test_if_match_comes_before_if_none_match(self) -> None:
        assert get(if_match=b'"old"', if_none_match=b'"xyzzy"') == PRECONDITION_FAILED
        assert get(if_match=b'"xyzzy"', if_none_match=b'"xyzzy"') == NOT_MODIFIED

    def test_if_unmodified_since_comes_before_if_none_match(self) -> None:
        assert get(if_unmodified_since=BEFORE, if_none_match=b'"xyzzy"') == PRECONDITION_FAILED


class Test_8_8_3_EntityTags:
    def test_a_list_is_read_in_order(self) -> None:
        assert entity_tags(b'"a", W/"b" ,,"c,d"') == [b'"a"', b'W/"b"', b'"c,d"']
        assert entity_tags(b"") == []

    def test_obs_text_is_allowed_blanks_are_not(self) -> None:
        assert entity_tags(b'"\xe9"') == [b'"\xe9"']
        assert entity_tags(b'"a b"') is None

    @given(st.binary(max_size=200))
    def test_nothing_makes_it_fail(self, value) -> None:
        entity_tags(value)
        judge("GET", {b"if-none-match": value, b"if-match": value, b"if-range": value}, HAS, NOW)

    def test_a_long_hostile_list_takes_no_time(self) -> None:
        began = time.process_time()
        for value in (b'"' * 65_000, b'W/"' * 20_000, b", " * 30_000, b'"a", ' * 12_000 + b'"'):
            entity_tags(value)
        assert time.process_time() - began < 1.0
