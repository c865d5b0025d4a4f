"""``[cache]`` and ``[[cache.rules]]`` of hendrix.toml: what they mean, and which line is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from hendrix.cli.load import load
from hendrix.core.errors import UsageError


def config(folder: Path, text: str, **environ: str):
    (folder / "hendrix.toml").write_text(text)
    return load({}, environ, folder).config


def test_a_table_turns_it_on(tmp_path) -> None:
    found = config(
        tmp_path,
        '[cache]\nsize = "16MB"\nquery = "key"\nglobal = true\nport = 8081\ncookies = ["theme"]\n\n'
        '[[cache.rules]]\npath = "^/a"\nttl = "5m"\n\n[[cache.rules]]\npath = "^/b"\nbypass = true\n',
    )
    assert found.cache and found.global_cache
    assert (found.cache_size, found.cache_query, found.cache_port) == (16 << 20, "key", 8081)
    assert found.cache_cookies == ("theme",)
    assert found.cache_rule == ("^/a ttl=5m", "^/b bypass=on")


def test_a_table_may_say_that_it_is_off(tmp_path) -> None:
    assert not config(tmp_path, "[cache]\non = false\n").cache


def test_an_option_is_as_good_as_a_table(tmp_path) -> None:
    assert config(tmp_path, 'cache = true\ncache_rule = ["^/a ttl=1"]\n').cache_rule == ("^/a ttl=1",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('threads = 2\n\n[cache]\nsize = "big"\n', "hendrix.toml line 4, size: 'big' is not a size"),
        ("[cache]\n\nsiez = 3\n", "hendrix.toml line 3: siez is unknown in [cache]; did you mean size?"),
        (
            '[cache]\n[[cache.rules]]\npath = "^/a"\n',
            "hendrix.toml line 2, rule 1 of the cache: {'path': '^/a'} says nothing",
        ),
        (
            '[[cache.rules]]\npath = "^/a"\nttl = 1\n\n[[cache.rules]]\npath = "^/b"\nttl = "soon"\n',
            "hendrix.toml line 5, rule 2 of the cache: {'path': '^/b', 'ttl': 'soon'} has ttl=soon, which",
        ),
        ('[cache]\nrules = "x"\n', "hendrix.toml line 2: rules is no list"),
    ],
)
def test_mistakes_name_their_line(tmp_path, text, said) -> None:
    with pytest.raises(UsageError) as caught:
        config(tmp_path, text)
    assert str(caught.value).startswith(said)


def test_nocache_beats_a_file_and_a_flag_beats_it(tmp_path) -> None:
    assert not config(tmp_path, "cache = true\n", HX_NOCACHE="1").cache
    assert config(tmp_path, "nocache = true\n", HX_CACHE="1").cache


def test_a_secret_is_not_shown_where_it_is_wrong(tmp_path) -> None:
    with pytest.raises(UsageError) as caught:
        config(tmp_path, "", HX_CACHE_TOKEN="two words")
    assert "two words" not in str(caught.value)
