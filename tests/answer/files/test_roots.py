"""What views may name, and what they may not."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.answer.files.roots import Astray, Named, Roots

FILES = "/srv/files"
ROOTS = Roots(["/protected/=/srv/files", "/protected/inner/=/srv/inner", "/srv/plain"])


class TestPaths:
    @pytest.mark.parametrize(
        ("value", "directory", "name"),
        [
            ("/srv/files/a.pdf", FILES, "a.pdf"),
            ("/srv/files/a/b c.pdf", FILES, "a/b c.pdf"),
            ("/srv/files//a//b", FILES, "a/b"),
            ("/srv/files/./a", FILES, "a"),
            ("/srv/plain/.hidden", "/srv/plain", ".hidden"),
            ("/srv/files/100%25", FILES, "100%25"),
            ("/srv/files/%2e%2e/a", FILES, "%2e%2e/a"),
            ("/srv/files/caf\xe9", FILES, "café"),
            ("/srv/files/caf\xc3\xa9", FILES, "café"),
            ("=?utf-8?b?L3Nydi9maWxlcy/Ri9GLLnBkZg==?=", FILES, "ыы.pdf"),
        ],
    )
    def test_below_a_root(self, value, directory, name) -> None:
        assert ROOTS.of_path(value) == Named(directory, name)

    @pytest.mark.parametrize(
        "value",
        [
            "/etc/passwd",
            "/srv/filesystem/a",
            "/srv/files",
            "srv/files/a",
            "a.pdf",
            "",
            "/",
            "~/a",
            "/protected/a",
            "/srv",
        ],
    )
    def test_below_none(self, value) -> None:
        with pytest.raises(Astray, match="below no") as caught:
            ROOTS.of_path(value)
        assert caught.value.status == 500, "the view or the configuration is wrong"

    @pytest.mark.parametrize(
        "value",
        [
            "/srv/files/../secret",
            "/srv/files/a/..",
            "/srv/files/..",
            "/srv/files/a\0b",
            "/srv/files/a\nb",
            "/srv/files/",
            "/srv/files/a/",
            "/srv/files/.",
            "/srv/files/" + "a" * 5000,
            "=?utf-8?b?!!!?=",
            "=?utf-8?b?L3Nydi9maWxlcy8uLi9h?=",
        ],
    )
    def test_no_names(self, value) -> None:
        with pytest.raises(Astray):
            ROOTS.of_path(value)

    def test_a_root_that_is_a_link_is_known_by_both_names(self, tmp_path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        roots = Roots([f"{tmp_path}/link"])
        for name in ("link", "real"):
            assert roots.of_path(f"{tmp_path}/{name}/a") == Named(f"{tmp_path}/link", "a")


class TestUris:
    @pytest.mark.parametrize(
        ("value", "directory", "name"),
        [
            ("/protected/a.pdf", FILES, "a.pdf"),
            ("/protected/a%20b.pdf", FILES, "a b.pdf"),
            ("/protected/caf%C3%A9", FILES, "café"),
            ("/protected/caf\xc3\xa9", FILES, "café"),
            ("/protected/a?b=../c", FILES, "a"),
            ("/protected/100%25", FILES, "100%"),
            ("/protected/%2525", FILES, "%25"),
            ("/protected/inner/a", "/srv/inner", "a"),
            ("/protected//a", FILES, "a"),
        ],
    )
    def test_below_a_root(self, value, directory, name) -> None:
        assert ROOTS.of_uri(value) == Named(directory, name)

    @pytest.mark.parametrize(
        "value", ["@named", "/other/a", "/srv/files/a", "protected/a", "/Protected/a", "http://x/a"]
    )
    def test_below_none(self, value) -> None:
        with pytest.raises(Astray, match="below no"):
            ROOTS.of_uri(value)

    @pytest.mark.parametrize(
        "value",
        ["../a", "%2e%2e/a", "a/%2E./b", "a%00b", "a%2fb", "%zz", "%", "", "a/", "%0a", ".%2e/a", "a/..%2f..%2fb"],
    )
    def test_no_names(self, value) -> None:
        with pytest.raises(Astray):
            ROOTS.of_uri(f"/protected/{value}")


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_whatever_is_named_stays_below(value) -> None:
    for judge in (ROOTS.of_path, ROOTS.of_uri):
        for begin in ("/srv/files/", "/protected/", ""):
            try:
                named = judge(begin + value)
            except Astray:
                continue
            path = os.path.normpath(f"{named.directory}/{named.name}")
            assert path.startswith(named.directory + "/")
            assert not {"", ".", ".."} & set(named.name.split("/"))


def test_nothing_is_below_no_roots() -> None:
    with pytest.raises(Astray):
        Roots([]).of_path("/srv/files/a")
