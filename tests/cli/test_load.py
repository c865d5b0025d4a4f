"""Options from every source, who wins, and how each source's mistakes read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hendrix.cli.command import parse
from hendrix.cli.listening import with_places
from hendrix.cli.load import Sourced, load, overruled, resolve
from hendrix.core.config import OPTIONS, Config
from hendrix.core.control import SettingsLoaded
from hendrix.core.errors import UsageError


def loaded(
    tmp_path: Path,
    flags: str = "",
    environ: Mapping[str, str] | None = None,
    file: str | None = None,
    django: Mapping[str, Any] | None = None,
    debug: bool = False,
) -> Sourced:
    """All sources at once, resolved as the supervisor does once the project's settings are known."""
    if file is not None:
        (tmp_path / "hendrix.toml").write_text(file, encoding="utf-8")
    sourced = load(parse(["start", *flags.split()]).flags, environ or {}, tmp_path)
    return with_places(resolve(sourced, SettingsLoaded("p.settings", debug, dict(django or {}))), debug, (), ())


class TestPrecedence:
    EVERY: Mapping[str, Any] = {
        "flags": "--threads 1",
        "environ": {"HX_THREADS": "2"},
        "file": "threads = 3",
        "django": {"HENDRIX": {"threads": 4}},
    }

    @pytest.mark.parametrize(
        ("said_by", "threads", "source"),
        [
            (("flags", "environ", "file", "django"), 1, "--threads"),
            (("environ", "file", "django"), 2, "environment variable HX_THREADS"),
            (("file", "django"), 3, "hendrix.toml line 1, threads"),
            (("django",), 4, 'setting HENDRIX["threads"]'),
            ((), 64, "default"),
        ],
    )
    def test_the_higher_source_wins(self, tmp_path: Path, said_by: tuple[str, ...], threads: int, source: str) -> None:
        sourced = loaded(tmp_path, **{name: self.EVERY[name] for name in said_by})
        assert (sourced.config.threads, sourced.sources["threads"]) == (threads, source)

    def test_a_flag_equal_to_the_default_still_wins(self, tmp_path: Path) -> None:
        assert loaded(tmp_path, "--http_port 8000", django={"HTTP_PORT": 9000}).config.http_port == 8000

    def test_the_dict_wins_over_the_old_name(self, tmp_path: Path) -> None:
        sourced = loaded(tmp_path, django={"HTTP_PORT": 9000, "HENDRIX": {"http_port": 9001}})
        assert sourced.config.http_port == 9001
        sourced = loaded(tmp_path, django={"HTTP_PORT": 9000})
        assert (sourced.config.http_port, sourced.sources["http_port"]) == (9000, "setting HTTP_PORT")

    def test_every_value_knows_its_source(self, tmp_path: Path) -> None:
        sourced = loaded(tmp_path, "-w 3", {"HX_TIMEOUT": "5"}, "backlog = 7")
        assert set(sourced.sources) == set(OPTIONS)
        told = {name: source for name, source in sourced.sources.items() if source != "default"}
        assert told == {
            "workers": "--workers",
            "timeout": "environment variable HX_TIMEOUT",
            "backlog": "hendrix.toml line 1, backlog",
        }

    def test_what_was_found_out_overrules(self, tmp_path: Path) -> None:
        sourced = loaded(tmp_path, "--threads 9")
        found = parse(["start", "--threads", "5"]).flags
        assert overruled(sourced, found).config.threads == 5


class TestFlags:
    def test_values_are_parsed(self, tmp_path: Path) -> None:
        config = loaded(tmp_path, "-b :1 -b [::1]:2 -b :1 --client_max_body_size 1MB --keep-alive=2m -w2 -l").config
        assert config == Config(
            bind=("0.0.0.0:1", "[::1]:2"), client_max_body_size=1024**2, keep_alive=120.0, workers=2, loud=True
        )

    def test_the_last_one_counts(self, tmp_path: Path) -> None:
        assert loaded(tmp_path, "--threads 2 --threads 3").config.threads == 3

    def test_a_switch_can_be_turned_off(self, tmp_path: Path) -> None:
        assert not loaded(tmp_path, "--no-loud", file="loud = true").config.loud


class TestEnvironment:
    def test_every_option_has_a_variable(self, tmp_path: Path) -> None:
        environ = {"HX_BIND": "127.0.0.1:1, unix:/x", "HX_QUIET": "yes", "HX_KEEP_ALIVE": "2m"}
        config = loaded(tmp_path, environ=environ).config
        assert (config.bind, config.quiet, config.keep_alive) == (("127.0.0.1:1", "unix:/x"), True, 120.0)

    @pytest.mark.parametrize(
        ("variable", "text", "name", "value"),
        [
            ("WEB_CONCURRENCY", "4", "workers", 4),
            ("FORWARDED_ALLOW_IPS", "*", "forwarded_allow_ips", "*"),
            ("DJANGO_SETTINGS_MODULE", "p.live", "settings", "p.live"),
        ],
    )
    def test_names_of_other_tools(self, tmp_path: Path, variable: str, text: str, name: str, value: object) -> None:
        sourced = loaded(tmp_path, environ={variable: text})
        assert getattr(sourced.config, name) == value
        assert sourced.sources[name] == f"environment variable {variable}"
        for blank in ("", "  "):
            sourced = loaded(tmp_path, environ={variable: blank})
            assert (getattr(sourced.config, name), sourced.sources[name]) == (OPTIONS[name].default, "default")

    def test_the_own_name_wins_over_them(self, tmp_path: Path) -> None:
        assert loaded(tmp_path, environ={"WEB_CONCURRENCY": "4", "HX_WORKERS": "2"}).config.workers == 2

    def test_blank_says_nothing_where_nothing_is_no_value(self, tmp_path: Path) -> None:
        environ = {"HX_THREADS": "", "HX_LOG": "", "HX_BIND": " ", "HX_QUIET": "", "HX_ACCESS_LOG": ""}
        sourced = loaded(tmp_path, environ=environ, file='log = "x"\nthreads = 2')
        assert sourced.config == Config(bind=("0.0.0.0:8000",), log="x", threads=2)

    def test_blank_can_turn_off(self, tmp_path: Path) -> None:
        environ = {"HX_REQUEST_ID": "", "HX_SERVER_HEADER": "", "HX_FORWARDED_ALLOW_IPS": ""}
        config = loaded(tmp_path, environ=environ).config
        assert (config.request_id, config.server_header, config.forwarded_allow_ips) == ("", "", "")


class TestFile:
    def test_natural_values(self, tmp_path: Path) -> None:
        text = """
            bind = ["127.0.0.1:1", "unix:/x"]
            client-max-body-size = "1MB"
            keep_alive = 1.5
            threads = 8
            loud = true
            proxy-protocol = true
            access_log = false
            forwarded_allow_ips = ["10.0.0.0/8", "unix"]
            log = "x.log"
            wsgi = "p.wsgi:application"
        """
        assert loaded(tmp_path, file=text).config == Config(
            bind=("127.0.0.1:1", "unix:/x"),
            client_max_body_size=1024**2,
            keep_alive=1.5,
            threads=8,
            loud=True,
            proxy_protocol="on",
            access_log="off",
            forwarded_allow_ips="10.0.0.0/8,unix",
            log="x.log",
            wsgi="p.wsgi:application",
        )

    def test_one_address_needs_no_list(self, tmp_path: Path) -> None:
        assert loaded(tmp_path, file='bind = ":1"').config.bind == ("0.0.0.0:1",)

    def test_an_empty_list_of_addresses_says_nothing(self, tmp_path: Path) -> None:
        assert loaded(tmp_path, file="bind = []").config.bind == ("0.0.0.0:8000",)


class TestWhereToListen:
    """Design: all interfaces, but loopback only with DEBUG, unless somebody names an address."""

    @pytest.mark.parametrize(
        ("debug", "flags", "environ", "file", "bind", "source"),
        [
            (False, "", {}, "", "0.0.0.0:8000", "default"),
            (True, "", {}, "", "127.0.0.1:8000", "DEBUG = True"),
            (False, "--http_port 9000", {}, "", "0.0.0.0:9000", "--http-port"),
            (True, "--http_port 9000", {}, "", "127.0.0.1:9000", "DEBUG = True"),
            (True, "-b 0.0.0.0:1", {}, "", "0.0.0.0:1", "--bind"),
            (True, "", {"PORT": "5000"}, "", "0.0.0.0:5000", "environment variable PORT"),
            (True, "", {"PORT": " "}, "", "127.0.0.1:8000", "DEBUG = True"),
            (False, "--http_port 1", {"PORT": "5000"}, "", "0.0.0.0:1", "--http-port"),
            (False, "-b 127.0.0.1:1", {"PORT": "5000"}, "", "127.0.0.1:1", "--bind"),
            (True, "", {"PORT": "5000", "HX_HTTP_PORT": "1"}, "", "127.0.0.1:1", "DEBUG = True"),
            (False, "", {"PORT": "5000", "HX_BIND": "h:1"}, "", "h:1", "environment variable HX_BIND"),
            (False, "", {"PORT": "5000"}, 'bind = "h:1"', "0.0.0.0:5000", "environment variable PORT"),
            (False, "--http_port 1", {}, 'bind = "h:2"', "0.0.0.0:1", "--http-port"),
            (False, "", {}, 'http_port = 1\nbind = "h:2"', "h:2", "hendrix.toml line 2, bind"),
            (False, "-b h:1 --http_port 2", {}, "", "h:1", "--bind"),
        ],
    )
    def test_table(
        self, tmp_path: Path, debug: bool, flags: str, environ: dict[str, str], file: str, bind: str, source: str
    ) -> None:
        sourced = loaded(tmp_path, flags, environ, file, debug=debug)
        assert (sourced.config.bind, sourced.sources["bind"]) == ((bind,), source)

    def test_djangos_settings_may_say(self, tmp_path: Path) -> None:
        django = {"HENDRIX": {"bind": ["127.0.0.1:1"]}}
        assert loaded(tmp_path, django=django).config.bind == ("127.0.0.1:1",)
        assert loaded(tmp_path, "--http_port 2", django=django).config.bind == ("0.0.0.0:2",)

    def test_before_the_project_is_known_nobody_can_tell(self, tmp_path: Path) -> None:
        assert load({}, {}, tmp_path).config.bind == ()


class TestHowMuchToSay:
    @pytest.mark.parametrize(
        ("flags", "environ", "verbosity", "quiet"),
        [
            ("", {}, 1, False),
            ("-q", {}, 0, True),
            ("-v 3", {}, 3, False),
            ("-q -v 3", {}, 0, True),
            ("-v 2", {"HX_QUIET": "1"}, 2, False),
            ("-q", {"HX_VERBOSITY": "3"}, 0, True),
            ("--no-quiet", {"HX_QUIET": "1"}, 1, False),
        ],
    )
    def test_table(self, tmp_path: Path, flags: str, environ: dict[str, str], verbosity: int, quiet: bool) -> None:
        config = loaded(tmp_path, flags, environ).config
        assert (config.verbosity, config.quiet) == (verbosity, quiet)


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"flags": "--threads many"}, "--threads: 'many' is not a whole number; give one from 1 to 1024"),
    ({"flags": "-w -1"}, "--workers: '-1' is out of range; give a number from 1 to 512"),
    ({"flags": "-v 4"}, "--verbosity: '4' is out of range; give a number from 0 to 3"),
    (
        {"environ": {"HX_THREADS": "many"}},
        "environment variable HX_THREADS: 'many' is not a whole number; give one from 1 to 1024",
    ),
    (
        {"environ": {"HX_THREDS": "8"}},
        "environment variable HX_THREDS is no option; did you mean HX_THREADS?",
    ),
    (
        {"environ": {"HX_XYZZY": "8"}},
        "environment variable HX_XYZZY is no option; hx start --help-all lists the options",
    ),
    (
        {"environ": {"WEB_CONCURRENCY": "all"}},
        "environment variable WEB_CONCURRENCY: 'all' is not a whole number; give one from 1 to 512",
    ),
    (
        {"environ": {"PORT": "http"}},
        "environment variable PORT: 'http' is not a whole number; give one from 0 to 65535",
    ),
    (
        {"environ": {"HX_BIND": "h:1,nowhere"}},
        "environment variable HX_BIND: 'nowhere' is no address; give HOST:PORT, [v6]:PORT, unix:/path or fd://N",
    ),
    (
        {"file": "\n\nthreads = 'many'"},
        "hendrix.toml line 3, threads: 'many' is not a whole number; give one from 1 to 1024",
    ),
    ({"file": "x = 1\nthreads = 2"}, "hendrix.toml line 1: x is no option; hx start --help-all lists the options"),
    ({"file": "# thread\n  thread = 2"}, "hendrix.toml line 2: thread is no option; did you mean threads?"),
    ({"file": "Threads = 2"}, "hendrix.toml line 1: Threads is no option; did you mean threads?"),
    ({"file": "http-port = 1\nhttp_port = 2"}, "hendrix.toml line 2: http_port is given twice; remove one"),
    ({"file": "\n[bind]\na = 1"}, "hendrix.toml line 2: bind is a table; write bind = ... above all tables"),
    ({"file": "log = true"}, "hendrix.toml line 1, log: True is not text; put it into quotes"),
    ({"file": "settings = 5"}, "hendrix.toml line 1, settings: 5 is not text; put it into quotes"),
    (
        {"file": "threads = true"},
        "hendrix.toml line 1, threads: True is not a whole number; give one from 1 to 1024",
    ),
    (
        {"file": "threads = [1]"},
        "hendrix.toml line 1, threads: [1] is no value of an option; give text, a number or true or false",
    ),
    (
        {"file": "threads = 1979-05-27"},
        "hendrix.toml line 1, threads: datetime.date(1979, 5, 27) is no value of an option;"
        " give text, a number or true or false",
    ),
    (
        {"file": "keep_alive = inf"},
        "hendrix.toml line 1, keep_alive: inf is not a duration; give seconds, or a number with ms, s, m, h or d",
    ),
    (
        {"django": {"HENDRIX": {"threads": "many"}}},
        "setting HENDRIX[\"threads\"]: 'many' is not a whole number; give one from 1 to 1024",
    ),
    ({"django": {"HENDRIX": {"THREADS": 2}}}, 'setting HENDRIX["THREADS"] is no option; did you mean threads?'),
    ({"django": {"HENDRIX": 8}}, 'setting HENDRIX is 8; make it a dict such as {"threads": 8}'),
    (
        {"django": {"HTTP_PORT": "http"}},
        "setting HTTP_PORT: 'http' is not a whole number; give one from 0 to 65535",
    ),
    (
        {"django": {"HENDRIX": {"settings": "p.s"}}},
        'setting HENDRIX["settings"] comes too late to find the project; give --settings',
    ),
    (
        {"django": {"HENDRIX": {"user": "www-data"}}},
        'setting HENDRIX["user"] comes too late; give --user, or user in hendrix.toml',
    ),
]


@pytest.mark.parametrize(("given", "line"), MISTAKES, ids=lambda case: str(case)[:60])
def test_a_mistake_names_its_source(tmp_path: Path, given: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, **given)
    assert str(caught.value) == line


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^hendrix.toml: .*\(at line 2, column .*\); correct it$"):
        loaded(tmp_path, file="threads = 2\nworkers 4")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "hendrix.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"^hendrix.toml cannot be read: .*; correct or remove it$"):
        loaded(tmp_path)


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, "--threads " + "x" * 1000)
    assert len(str(caught.value)) < 160


def test_none_in_settings_says_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, django={"HENDRIX": {"threads": None}, "HTTP_PORT": None}).config.threads == 64
    assert loaded(tmp_path, django={"HENDRIX": None}).config.threads == 64


class TestAutomaticHttps:
    """Authorities and visitors come to ports 80 and 443."""

    def test_the_ports_of_http_and_https(self, tmp_path: Path) -> None:
        sourced = loaded(tmp_path, "--domain a.org,b.org --domain c.org")
        config = sourced.config
        assert config.domains == ["a.org", "b.org", "c.org"]
        assert (config.bind, config.https_bind) == (("0.0.0.0:80",), ("0.0.0.0:443",))
        assert config.https_redirect == "on"
        assert sourced.sources["http_port"] == "--domain"

    @pytest.mark.parametrize(
        ("said", "bind", "https_bind"),
        [
            ({"flags": "--http-port 8080"}, "0.0.0.0:8080", "0.0.0.0:443"),
            ({"flags": "--https-port 8443"}, "0.0.0.0:80", "0.0.0.0:8443"),
            ({"flags": "--bind 10.0.0.1:8080"}, "10.0.0.1:8080", "10.0.0.1:443"),
            ({"environ": {"PORT": "9000"}}, "0.0.0.0:9000", "0.0.0.0:443"),
            ({"django": {"HTTP_PORT": 9000, "HTTPS_PORT": 9443}}, "0.0.0.0:9000", "0.0.0.0:9443"),
        ],
    )
    def test_what_was_said_wins(self, tmp_path: Path, said: dict[str, Any], bind: str, https_bind: str) -> None:
        said["flags"] = f"--domain a.org {said.get('flags', '')}"
        config = loaded(tmp_path, **said).config
        assert (config.bind, config.https_bind) == ((bind,), (https_bind,))

    def test_from_everywhere(self, tmp_path: Path) -> None:
        assert loaded(tmp_path, environ={"HX_DOMAIN": "a.org, b.org"}).config.domains == ["a.org", "b.org"]
        assert loaded(tmp_path, file='domain = ["a.org", "b.org,c.org"]').config.domains == ["a.org", "b.org", "c.org"]
        assert loaded(tmp_path, django={"HENDRIX": {"domain": "a.org"}}).config.bind == ("0.0.0.0:80",)

    def test_allowed_hosts(self, tmp_path: Path) -> None:
        hosts = {"ALLOWED_HOSTS": ["a.org", ".b.org", "localhost", "*"]}
        assert loaded(tmp_path, django=hosts).config.domains == [], "only where it is asked for"
        sourced = loaded(tmp_path, "--auto-https", django=hosts)
        assert sourced.config.domains == ["a.org", "b.org"]
        assert sourced.config.bind == ("0.0.0.0:80",)
        assert loaded(tmp_path, "--auto-https --dns-hook x", django=hosts).config.domains == [
            "a.org",
            "b.org",
            "*.b.org",
        ]
        assert loaded(tmp_path, "--auto-https --domain a.org,z.org", django=hosts).config.domains == [
            "a.org",
            "z.org",
            "b.org",
        ]

    def test_no_public_host(self, tmp_path: Path) -> None:
        for hosts in ({}, {"ALLOWED_HOSTS": ["*", "localhost"]}):
            with pytest.raises(UsageError, match="--auto-https: ALLOWED_HOSTS holds no public name of a host"):
                loaded(tmp_path, "--auto-https", django=hosts)
