"""RFC 9213: fields for one kind of cache, which govern it alone."""

from __future__ import annotations

import pytest

from hendrix.cache.directives import parse_targeted
from tests.cache.stage import judged, kept, refused


def test_it_overrides_cache_control() -> None:
    assert kept("no-store", ("CDN-Cache-Control", "max-age=60")).lifetime == 60
    assert refused("max-age=60", ("CDN-Cache-Control", "no-store")) == "no-store"


def test_it_overrides_expires() -> None:
    """Section 2.2: Cache-Control and Expires are ignored; without a lifetime of its own there is none."""
    head = [("Expires", "Sun, 06 Nov 1994 09:49:37 GMT"), ("CDN-Cache-Control", "public")]
    assert judged(*head) == "no-freshness"


def test_ours_comes_before_that_of_all() -> None:
    """Section 2.1: the first of the target list that is valid."""
    head = [("CDN-Cache-Control", "max-age=60"), ("Hendrix-Cache-Control", "max-age=5")]
    assert judged(*head).lifetime == 5


@pytest.mark.parametrize("value", ["", "&", "max-age=60,", "max-age=60 public", "Max-Age=60", "max-age='60'"])
def test_what_does_not_parse_is_as_if_absent(value) -> None:
    """Section 2.2: and so is an empty one."""
    assert kept("max-age=7", ("CDN-Cache-Control", value)).lifetime == 7


@pytest.mark.parametrize("value", ["max-age=60;x=1", "max-age=60;x", "max-age=1, max-age=60", "public,\tmax-age=60"])
def test_parameters_and_repetition(value) -> None:
    """RFC 8941 section 3.2: of a repeated key the last counts; parameters that nobody knows do not."""
    assert judged(("CDN-Cache-Control", value)).lifetime == 60


def test_a_string_is_no_lifetime_and_a_false_member_is_absent() -> None:
    assert parse_targeted('private=?0, a="x\\"y", b=tok') == {"a": '"x\\"y"', "b": "tok"}


def test_a_lifetime_of_the_wrong_type_is_none() -> None:
    assert refused("no-store", ("CDN-Cache-Control", 'max-age="60"')) == "stale-at-once"


# --- Surrogate-Control, which came before ----------------------------------------------------------------------


def test_surrogate_control() -> None:
    assert kept("no-store", ("Surrogate-Control", "Max-Age=60")).lifetime == 60
    assert refused("max-age=60", ("Surrogate-Control", "no-store")) == "no-store"
    assert kept("max-age=7", ("Surrogate-Control", "max-age=60;other")).lifetime == 7
    assert kept("max-age=7", ("Surrogate-Control", "max-age=5;other, max-age=60;hendrix")).lifetime == 60
    assert kept("no-store", ("Surrogate-Control", "max-age=60+30")).while_revalidate == 30
    assert kept("max-age=7", ("Surrogate-Control", "max-age=60"), ("CDN-Cache-Control", "max-age=5")).lifetime == 5
