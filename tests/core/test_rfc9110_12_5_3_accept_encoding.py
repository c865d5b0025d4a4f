"""RFC 9110 section 12.5.3: Accept-Encoding, with the weights of section 12.4.2."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.core.negotiate import LONGEST, choose_coding

OURS = ("zstd", "br", "gzip")


def chosen(value: str | None, offered: tuple[str, ...] = OURS) -> str | None:
    return choose_coding(None if value is None else value.encode("latin-1"), offered)


class Test_12_5_3_Examples:
    """The fields that the section gives as examples."""

    @pytest.mark.parametrize(
        ("value", "coding"),
        [
            ("compress, gzip", "gzip"),
            ("", "identity"),
            ("*", "zstd"),
            ("compress;q=0.5, gzip;q=1.0", "gzip"),
            ("gzip;q=1.0, identity; q=0.5, *;q=0", "gzip"),
        ],
    )
    def test_example(self, value, coding) -> None:
        assert chosen(value) == coding

    def test_without_the_field_nothing_is_coded(self) -> None:
        """Any coding would be acceptable (rule 1); a client that names none seldom knows one."""
        assert chosen(None) == "identity"


class Test_12_5_3_Rules:
    @pytest.mark.parametrize(
        "value", ["gzip, deflate, br, zstd", "zstd,br,gzip", "br , zstd", "ZSTD", "gzip;q=0.9, zstd;q=0.9"]
    )
    def test_the_servers_order_counts_between_equals(self, value) -> None:
        assert chosen(value) == "zstd"

    @pytest.mark.parametrize(
        ("value", "coding"),
        [
            ("gzip, zstd;q=0.9", "gzip"),
            ("gzip;q=0.001, br;q=0.002", "br"),
            ("br;q=0.999, gzip;q=1.000", "gzip"),
            ("identity, gzip;q=0.5", "identity"),
            ("gzip;q=0.5", "gzip"),
            ("*;q=0.5, br", "br"),
            ("*;q=0.5, zstd;q=0.1", "br"),
        ],
    )
    def test_the_heaviest_is_preferred(self, value, coding) -> None:
        assert chosen(value) == coding

    @pytest.mark.parametrize("value", ["gzip;q=0", "gzip;q=0.0", "gzip; q=0.000", "gzip ;Q=0.", "gzip;q=0, *"])
    def test_weight_nought_is_not_acceptable(self, value) -> None:
        assert chosen(value, ("gzip",)) == "identity"

    def test_the_asterisk_does_not_match_what_is_named(self) -> None:
        assert chosen("zstd;q=0, *") == "br"

    @pytest.mark.parametrize("value", ["deflate", "exi, pack200-gzip", "gzipped", "xgzip", "gzip-gzip"])
    def test_a_coding_that_is_not_named_is_not_acceptable(self, value) -> None:
        assert chosen(value) == "identity"

    @pytest.mark.parametrize("value", ["identity;q=0", "*;q=0", "deflate, *;q=0", "identity;q=0.000, gzip;q=0"])
    def test_no_coding_refused_and_none_that_we_have_accepted(self, value) -> None:
        assert chosen(value, ("gzip",)) is None

    def test_no_coding_refused_but_another_accepted(self) -> None:
        assert chosen("identity;q=0, gzip;q=0.1") == "gzip"
        assert chosen("*;q=0, br;q=0.1") == "br"

    def test_identity_named_is_not_refused_by_the_asterisk(self) -> None:
        assert chosen("*;q=0, identity;q=0.001") == "identity"

    def test_nothing_offered(self) -> None:
        assert chosen("gzip", ()) == "identity"
        assert chosen("identity;q=0", ()) is None

    def test_no_coding_may_be_preferred_by_the_server(self) -> None:
        assert chosen("*", ("br", "identity", "gzip")) == "br"
        assert chosen("gzip, identity", ("identity", "gzip")) == "identity"


class Test_8_4_1_3_GzipCoding:
    @pytest.mark.parametrize("value", ["x-gzip", "X-GZIP;q=0.5"])
    def test_the_old_name_is_equivalent(self, value) -> None:
        assert chosen(value) == "gzip"

    def test_it_is_refused_by_it_too(self) -> None:
        assert chosen("x-gzip;q=0, *", ("gzip",)) == "identity"


class Test_Malformed:
    @pytest.mark.parametrize(
        "value",
        [
            "gzip;q=2",
            "gzip;q=1.001",
            "gzip;q=0.1234",
            "gzip;q=-1",
            "gzip;q=.5",
            "gzip;q=",
            "gzip;q",
            "gzip;",
            "gzip;q=1;q=1",
            "gzip;level=9",
            "gzip q=1",
            "gzip;q =1",
            "gzip;q=1e0",
            "gzip;q=nan",
            "gz ip",
            '"gzip"',
            "gzip\x00",
            "gzip;q=\xb9",
            ";q=1",
            ",",
            ",,,",
            "=",
        ],
    )
    def test_a_malformed_member_names_nothing(self, value) -> None:
        assert chosen(value) == "identity"
        assert chosen(f"{value}, br") == "br"

    def test_a_malformed_weight_is_not_made_good_by_the_asterisk(self) -> None:
        assert chosen("gzip;q=no, *", ("gzip",)) == "identity"

    @pytest.mark.parametrize("value", ["identity;q=0.0000", "*;q=00", "identity;q"])
    def test_no_coding_is_not_refused_by_mistake(self, value) -> None:
        assert chosen(value) == "identity"

    @pytest.mark.parametrize("value", ["gzip;q=0, gzip", "gzip, gzip;q=0"])
    def test_of_two_weights_the_lower_one_counts(self, value) -> None:
        assert chosen(value, ("gzip",)) == "identity"

    @pytest.mark.parametrize("value", ["gzip,", ",gzip", ", ,gzip,\t,", " gzip "])
    def test_empty_members_are_no_fault(self, value) -> None:
        """RFC 9110 section 5.6.1.2."""
        assert chosen(value) == "gzip"

    def test_a_field_past_the_bound_is_not_read(self) -> None:
        assert chosen("gzip" + "," * LONGEST) == "identity"

    def test_hostile_fields_cost_next_to_nothing(self) -> None:
        began = time.process_time()
        for seed in range(300):
            for unit in ("gzip;", " ;q=0.", "\t", "a;q=0.0,", ",", "*"):
                chosen(f"{seed}" + unit * ((LONGEST - 5) // len(unit)))
        assert time.process_time() - began < 2

    @given(st.binary(max_size=80), st.sampled_from([(), ("gzip",), OURS, ("identity", "br")]))
    def test_whatever_comes_one_of_ours_is_chosen(self, value, offered) -> None:
        assert choose_coding(value, offered) in (*offered, "identity", None)

    @given(
        st.lists(
            st.tuples(st.sampled_from(["gzip", "br", "zstd", "deflate", "identity", "*"]), st.integers(0, 1000)),
            unique_by=lambda pair: pair[0],
        )
    )
    def test_no_other_is_heavier(self, pairs) -> None:
        weights = dict(pairs)
        value = ", ".join(f"{coding};q={weight / 1000:.3f}" for coding, weight in pairs)
        worth = {coding: weights.get(coding, weights.get("*")) for coding in OURS}
        worth["identity"] = weights.get("identity", weights.get("*", 0.5))
        acceptable = {coding: weight for coding, weight in worth.items() if weight}
        got = chosen(value)
        if not acceptable:
            assert got is None
        else:
            assert acceptable[got] == max(acceptable.values())
