"""The table of options itself."""

import json
from collections import Counter
from pathlib import PurePosixPath

import pytest

from hendrix.core.config import GROUPS, OPTIONS, Config, Option, from_plain, set_by_django, to_plain

ALL = pytest.mark.parametrize("option", OPTIONS.values(), ids=list(OPTIONS))


def test_flags_and_variables_are_unique() -> None:
    flags = Counter(flag for option in OPTIONS.values() for flag in option.flags)
    assert max(flags.values()) == 1
    assert len({option.environ for option in OPTIONS.values()}) == len(OPTIONS)


@ALL
def test_every_option_is_described(option: Option) -> None:
    assert option.group in GROUPS
    assert option.help
    assert not option.help.endswith(".")
    assert option.switch != bool(option.metavar)


@ALL
def test_the_long_flag_is_the_name(option: Option) -> None:
    assert option.flag == "--" + option.name.replace("_", "-")
    assert option.environ == "HX_" + option.name.upper()


@ALL
def test_a_default_is_spelled_as_the_parser_reads_it(option: Option) -> None:
    if not option.repeat:
        assert option.parse(option.spelled(option.default)) == option.default


def test_defaults_read_well() -> None:
    spelled = {name: option.spelled(option.default) for name, option in OPTIONS.items()}
    assert spelled["client_max_body_size"] == "256MB"
    assert spelled["write_timeout"] == "30s"
    assert spelled["quiet"] == "off"
    assert spelled["bind"] == ""
    assert OPTIONS["bind"].spelled(("a:1", "b:2")) == "a:1, b:2"


def test_a_configuration_travels_as_json() -> None:
    config = Config(bind=("127.0.0.1:8000", "unix:/x"), threads=8, keep_alive=1.5, quiet=True)
    assert from_plain(json.loads(json.dumps(to_plain(config)))) == config


def test_a_configuration_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Config().threads = 1  # type: ignore[misc]


class _Lazy:
    def __str__(self) -> str:
        return "lazy text"


def test_what_django_says_becomes_json() -> None:
    class Settings:
        HENDRIX = {"threads": 8, "log": PurePosixPath("/x"), "bind": ("a:1",), 7: _Lazy(), "quiet": None}  # noqa: RUF012
        HTTP_PORT = 9000
        DEBUG = True

    said = set_by_django(Settings)
    assert said == {
        "HENDRIX": {"threads": 8, "log": "/x", "bind": ["a:1"], "7": "lazy text", "quiet": None},
        "HTTP_PORT": 9000,
    }
    assert json.loads(json.dumps(said)) == said


def test_a_project_may_say_nothing() -> None:
    assert set_by_django(object()) == {}
