"""Which paths name a file: what could mean something else than it seems names nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.answer.files.names import name_of, path_of


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"a.css", "a.css"),
        (b"css/a.css", "css/a.css"),
        (b"a%20b.css", "a b.css"),
        (b"a+b.css", "a+b.css"),
        (b"caf%C3%A9.css", "café.css"),
        (b"%D1%84%D0%BE%D1%82%D0%BE.jpg", "фото.jpg"),
        (b"%61.css", "a.css"),
        (b"100%25.txt", "100%.txt"),
        (b"%252e%252e/a", "%2e%2e/a"),
        (b"a..b/c...css", "a..b/c...css"),
        (b"~a/b~", "~a/b~"),
        (b".well-known/security.txt", ".well-known/security.txt"),
        (b"a;b=c,d@e.css", "a;b=c,d@e.css"),
    ],
)
def test_a_name(path, name) -> None:
    assert name_of(path) == name


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"/",
        b"/etc/passwd",
        b"a/",
        b"a//b",
        b".",
        b"..",
        b"../a",
        b"a/../b",
        b"a/./b",
        b"a/..",
        b"%2e%2e/a",
        b"%2E./a",
        b"..%2fa",
        b"a%2Fb",
        b"..%5ca",
        b"..\\a",
        b"a\\b",
        b"a%00.css",
        b"a%00",
        b"a%0ab",
        b"a%7f",
        b"a%c2%85",
        b".env",
        b".git/config",
        b"a/.htaccess",
        b"%2egit/config",
        b".well-known/.secret",
        b"%c0%ae%c0%ae/a",  # overlong UTF-8 of ".."
        b"%c0%af",
        b"%e0%80%af",
        b"%ed%a0%80",  # a surrogate
        b"%ff",
        b"%",
        b"%2",
        b"%zz",
        b"%u002e%u002e/a",
        b"a/" * 70 + b"a",
        b"a" * 3000,
    ],
)
def test_no_name(path) -> None:
    assert name_of(path) is None


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\/."), min_size=1, max_size=50))
def test_a_path_spells_its_name(name) -> None:
    assert name_of(path_of(name)) == name


@given(st.binary(max_size=60))
def test_a_name_stays_within(path) -> None:
    name = name_of(path)
    if name is not None:
        assert not name.startswith("/") and "\\" not in name and "\0" not in name
        assert all(part and part not in (".", "..") for part in name.split("/"))
