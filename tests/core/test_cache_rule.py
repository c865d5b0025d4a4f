"""A rule of the cache in one line, or as a table; and what is wrong with it."""

from __future__ import annotations

import pytest

from hendrix.core.cache_rule import line_of, parse_rule, rule


def test_what_a_rule_may_say() -> None:
    said = parse_rule(
        "^/news/ ttl=5m grace=90 override query=key ignore=utm_*,fbclid browser=max-age=0+public cookies=a"
    )
    assert said.pop("path").pattern == "^/news/"
    assert said == {
        "ttl": 300.0,
        "grace": 90.0,
        "override": True,
        "query": "key",
        "ignore": ("utm_*", "fbclid"),
        "browser": "max-age=0 public",
        "cookies": ("a",),
    }


def test_switches() -> None:
    assert parse_rule("^/a bypass")["bypass"] is True
    assert parse_rule("^/a bypass=off ttl=1")["bypass"] is False


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "is no rule"),
        ("^/a", "says nothing of its paths"),
        ("^/( ttl=1", "begins with no regular expression"),
        ("^/a tll=1", "says 'tll'; a rule may say ttl"),
        ("^/a ttl=soon", "has ttl=soon, which is not a duration"),
        ("^/a ttl=1 ttl=2", "says ttl twice"),
        ("^/a query=maybe", "has query=maybe, which is unknown"),
    ],
)
def test_mistakes(line, reason) -> None:
    with pytest.raises(ValueError) as caught:
        parse_rule(line)
    assert str(caught.value).startswith(reason)


def test_white_space_does_not_count() -> None:
    assert rule("  ^/a   ttl=1\t bypass ") == "^/a ttl=1 bypass"


def test_a_table_is_the_same_line() -> None:
    table = {"path": "^/news/", "ttl": "5m", "bypass": False, "ignore": ["utm_*", "gclid"], "browser": "no-cache"}
    assert line_of(table) == "^/news/ ttl=5m bypass=off ignore=utm_*,gclid browser=no-cache"
    assert line_of({"path": "^/a b", "ttl": 60}) == r"^/a\sb ttl=60"


@pytest.mark.parametrize("table", [{"ttl": 5}, {"path": " ", "ttl": 5}, {"path": 3}])
def test_a_table_needs_a_path(table) -> None:
    with pytest.raises(ValueError, match="has no path"):
        line_of(table)
