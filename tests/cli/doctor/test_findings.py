"""Facts in, findings out: each finding with what brings it about, and with what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hendrix.cli.doctor.examination import examined
from hendrix.cli.doctor.facts import (
    Asked,
    Certificates,
    Clock,
    Collected,
    Database,
    Descriptors,
    Loaded,
    Migrations,
    OpenFile,
    Runtime,
    Secret,
    Settings,
    Told,
)
from hendrix.cli.doctor.finding import LEVELS, Finding, counted, gravest_first, reaches, some
from hendrix.cli.doctor.outcome import Outcome, probed
from hendrix.core.config import Config

PUBLIC = Config(bind=("0.0.0.0:8000",))
LOCAL = Config(bind=("127.0.0.1:8000",))
SEVERAL = replace(PUBLIC, workers=4)
DEV = replace(LOCAL, dev=True)
LOCMEM = {"default": "django.core.cache.backends.locmem.LocMemCache"}
SQLITE = {"default": Database("django.db.backends.sqlite3")}
IMMEDIATE = {"default": "django.tasks.backends.immediate.ImmediateBackend"}
DUMMY = {"default": "django.tasks.backends.dummy.DummyBackend"}
CACHED = "django.contrib.sessions.backends.cache"
TLS = replace(PUBLIC, cert=("site.crt",), key=("site.key",))


def found(config: Config = PUBLIC, **facts: object) -> dict[str, str]:
    """Id -> level."""
    return {each.id: each.level for each in findings(config, **facts)}


def findings(config: Config = PUBLIC, **facts: object) -> list[Finding]:
    return examined(config, {name: Outcome(fact) for name, fact in facts.items()})


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    facts = {
        "settings": Settings(),
        "checks": [],
        "migrations": {"default": Migrations()},
        "static": Collected(sources=5),
        "loaded": Loaded(),
        "asked": Asked(),
        "certificates": Certificates(),
        "keys": [OpenFile("/etc/site.key", 0o600), OpenFile("/etc/shared.key", 0o640)],
        "descriptors": Descriptors(),
        "clock": Clock(),
        "runtime": Runtime("/run/hendrix"),
    }
    assert found(SEVERAL, **facts) == {}


DEBUG = Settings(debug=True)
SETTINGS = [
    (PUBLIC, DEBUG, {"debug": "error"}),
    (LOCAL, DEBUG, {"debug": "warning"}),
    (DEV, DEBUG, {}),
    (replace(LOCAL, https_bind=("0.0.0.0:443",)), DEBUG, {"debug": "error"}),
    (PUBLIC, Settings(hosts=[]), {"hosts.none": "error"}),
    (LOCAL, replace(DEBUG, hosts=[]), {"debug": "warning"}),
    (PUBLIC, Settings(hosts=["*"]), {"hosts.any": "warning"}),
    (PUBLIC, Settings(secret=Secret(66, 40, generated=True)), {"secret_key": "error"}),
    (PUBLIC, Settings(secret=Secret(0, 0)), {"secret_key": "error"}),
    (PUBLIC, Settings(secret=Secret(32, 16)), {"secret_key": "warning"}),
    (PUBLIC, Settings(secret=Secret(60, 2)), {"secret_key": "warning"}),
    # SQLite: one writer at a time is no matter for one process.
    (SEVERAL, Settings(databases=SQLITE), {"sqlite": "warning"}),
    (replace(PUBLIC, task_workers=1), Settings(databases=SQLITE), {"sqlite": "warning"}),
    (PUBLIC, Settings(databases=SQLITE), {}),
    (
        SEVERAL,
        Settings(databases={"default": Database("django.db.backends.sqlite3", immediate=True, wal=True)}),
        {"sqlite": "info"},
    ),
    (SEVERAL, Settings(databases={"default": Database("django.db.backends.postgresql")}), {}),
    # What is in the memory of a process.
    (SEVERAL, Settings(caches=LOCMEM, said=["CACHES"]), {"caches": "warning"}),
    (SEVERAL, Settings(caches=LOCMEM), {"caches": "info"}),
    (PUBLIC, Settings(caches=LOCMEM, said=["CACHES"]), {}),
    (PUBLIC, Settings(caches=LOCMEM, session_engine=CACHED), {"sessions": "warning"}),
    (
        SEVERAL,
        Settings(caches=LOCMEM, session_engine=CACHED),
        {"sessions": "error", "caches": "info"},
    ),
    (SEVERAL, Settings(session_engine="django.contrib.sessions.backends.db"), {}),
    (PUBLIC, Settings(tasks=IMMEDIATE, said=["TASKS"]), {"tasks": "warning"}),
    (PUBLIC, Settings(tasks=IMMEDIATE, has_tasks=True), {"tasks": "warning"}),
    (PUBLIC, Settings(tasks=DUMMY, said=["TASKS"]), {"tasks": "error"}),
    (PUBLIC, Settings(tasks=IMMEDIATE), {}),
    (DEV, replace(DEBUG, tasks=DUMMY, said=["TASKS"], caches=LOCMEM, session_engine=CACHED), {}),
    # Proxies.
    (replace(PUBLIC, forwarded_allow_ips="*"), Settings(), {"proxy.any": "warning"}),
    (replace(LOCAL, forwarded_allow_ips="*"), Settings(), {}),
    (PUBLIC, Settings(proxy_header="HTTP_X_FORWARDED_PROTO"), {}),
    (PUBLIC, Settings(proxy_header="HTTP_X_IS_SAFE"), {"proxy.header": "error"}),
    (LOCAL, Settings(proxy_header="HTTP_X_IS_SAFE"), {"proxy.header": "warning"}),
    (PUBLIC, Settings(ssl_redirect=True), {"proxy.redirect-loop": "warning"}),
    (LOCAL, Settings(ssl_redirect=True), {}),
    (replace(PUBLIC, forwarded_allow_ips="10.0.0.7"), Settings(ssl_redirect=True), {}),
    (replace(PUBLIC, forwarded_allow_ips=""), Settings(ssl_redirect=True), {"proxy.redirect-loop": "error"}),
    (TLS, Settings(ssl_redirect=True), {}),
    (PUBLIC, Settings(forwarded_host=True), {}),
    (replace(PUBLIC, forwarded_allow_ips=""), Settings(forwarded_host=True), {"proxy.nobody": "warning"}),
    (
        replace(PUBLIC, forwarded_allow_ips="", proxy_protocol="v2"),
        Settings(),
        {"proxy.line-from-nobody": "error"},
    ),
]


@pytest.mark.parametrize(("config", "settings", "expected"), SETTINGS)
def test_settings(config: Config, settings: Settings, expected: dict[str, str]) -> None:
    assert found(config, settings=settings) == expected


HSTS = Told("security.W004", 30, "You have not set a value for the SECURE_HSTS_SECONDS setting. If your site")
REDIRECT = Told("security.W008", 30, "Your SECURE_SSL_REDIRECT setting is not set to True. Unless your site")


class TestDjangosChecks:
    def test_the_line_to_change_is_told(self) -> None:
        one = findings(checks=[HSTS])[0]
        assert (one.id, one.level, one.why) == ("django.security.W004", "warning", "If your site")
        assert one.change.startswith("settings.py: SECURE_HSTS_SECONDS = 31536000")

    def test_those_that_are_ours_are_told_once(self) -> None:
        assert found(checks=[Told(f"security.W0{number}", 30, "x. y") for number in ("09", "18", "20")]) == {}

    def test_what_hendrix_does_need_not_be_done_by_django(self) -> None:
        done = replace(TLS, hsts="365d", https_redirect="on")
        assert found(done, checks=[HSTS, REDIRECT]) == {}
        assert found(TLS, checks=[HSTS, REDIRECT]) == {
            "django.security.W004": "warning",
            "django.security.W008": "warning",
        }

    def test_development_is_not_deployed(self) -> None:
        other = Told("models.W042", 30, "Auto-created primary key used", "Configure DEFAULT_AUTO_FIELD")
        assert found(DEV, checks=[HSTS, other]) == {"django.models.W042": "warning"}

    def test_levels_are_djangos(self) -> None:
        told = [Told("a.D", 10, "x"), Told("a.I", 20, "x"), Told("a.W", 30, "x"), Told("a.E", 40, "x")]
        assert found(checks=told) == {
            f"django.a.{letter}": level
            for letter, level in zip("DIWE", ("info", "info", "warning", "error"), strict=True)
        }


class TestDatabases:
    def test_pending_migrations(self) -> None:
        pending = {"default": Migrations(["shop.0001_initial", "shop.0002_price"])}
        one = findings(settings=Settings(), migrations=pending)[0]
        assert (one.id, one.level, one.change) == ("migrations", "error", "run manage.py migrate")
        assert "2 migrations are not applied to the database default: shop.0001_initial, shop.0002_price" in one.what
        assert found(LOCAL, settings=DEBUG, migrations=pending)["migrations"] == "warning"

    def test_one_of_several(self) -> None:
        one = findings(migrations={"default": Migrations(), "log": Migrations(["log.0001"])})[0]
        assert one.change == "run manage.py migrate --database log"
        assert (one.level, one.what.startswith("1 migration is not applied")) == ("error", True)

    def test_one_that_is_perhaps_somebody_elses(self) -> None:
        never = Migrations(["log.0001"], never=True)
        assert found(migrations={"default": never}) == {"migrations": "error"}
        assert found(migrations={"log": never}) == {"migrations": "info"}

    def test_one_that_is_not_there(self) -> None:
        assert found(migrations={"default": Migrations(absent="/srv/db.sqlite3")}) == {"database.absent": "error"}
        assert found(migrations={"default": Migrations(unreachable="refused")}) == {"database.unreachable": "warning"}


def test_how_long_a_writer_waits() -> None:
    patient = Database("django.db.backends.sqlite3", immediate=True, wal=True, patience=20)
    for databases, words in (
        (SQLITE, "after 5 seconds, or at once where"),
        ({"default": patient}, "after 20 seconds"),
    ):
        (one,) = findings(SEVERAL, settings=Settings(databases=databases))
        assert words in one.why


STATIC = [
    (Collected(there=False, root="", sources=5), {"static.root-unset": "info"}),
    (Collected(there=False, root="", sources=5, manifest=True), {"static.root-unset": "error"}),
    (Collected(there=False, sources=5), {"static.not-collected": "warning"}),
    (Collected(there=False, sources=5, manifest=True), {"static.not-collected": "error"}),
    (Collected(sources=5, manifest=True, manifest_there=False), {"static.manifest-missing": "error"}),
    (Collected(sources=5, absent=["a.css"]), {"static.stale": "warning"}),
    (Collected(sources=5, stale=["a.css"]), {"static.stale": "warning"}),
    (Collected(sources=5, manifest=True, unlisted=["a.css"]), {"static.manifest-miss": "warning"}),
    (Collected(used=False, there=False, sources=5), {}),
    (Collected(there=False, sources=0), {}),
]


@pytest.mark.parametrize(("static", "expected"), STATIC)
def test_static_files(static: Collected, expected: dict[str, str]) -> None:
    assert found(static=static) == expected
    assert found(LOCAL, settings=DEBUG, static=static) == {"debug": "warning"}


REST = [
    (PUBLIC, "loaded", Loaded(["poller"]), {"threads": "warning"}),
    (replace(PUBLIC, preload=False), "loaded", Loaded(["poller"]), {}),
    (PUBLIC, "loaded", Loaded(interface="wsgi", async_views=True), {"async.over-wsgi": "warning"}),
    (PUBLIC, "loaded", Loaded(interface="wsgi"), {}),
    (PUBLIC, "loaded", Loaded(interface="django", async_views=True), {}),
    (PUBLIC, "loaded", Loaded(holding=["shop.timed"]), {"middleware.holds-thread": "warning"}),
    (PUBLIC, "loaded", Loaded(overridden=["a is not served"]), {"resources.overridden": "warning"}),
    (PUBLIC, "asked", Asked(codings=["br needs brotli"]), {"compress.missing": "warning"}),
    (PUBLIC, "asked", Asked(folders=["/nowhere"]), {"sendfile.missing": "warning"}),
    (PUBLIC, "asked", Asked(unreachable="only this machine"), {"domain.unreachable": "warning"}),
    (PUBLIC, "certificates", Certificates(ending=["x in 12 days"]), {"certificate.ends-soon": "warning"}),
    (PUBLIC, "certificates", Certificates(refused="expired"), {"certificate.refused": "error"}),
    (PUBLIC, "keys", [OpenFile("site.key", 0o644)], {"key.mode": "warning"}),
    (PUBLIC, "keys", [OpenFile("site.key", 0o660)], {"key.mode": "warning"}),
    (PUBLIC, "descriptors", Descriptors(768, 1024), {"descriptors.few": "warning"}),
    (DEV, "descriptors", Descriptors(768, 1024), {}),
    (
        replace(PUBLIC, limit_connections=50_000),
        "descriptors",
        Descriptors(19_744, 20_000),
        {"descriptors.limit": "warning"},
    ),
    (PUBLIC, "clock", Clock(False), {"clock.not-kept": "info"}),
    (TLS, "clock", Clock(False), {"clock.not-kept": "warning"}),
    (TLS, "clock", Clock(None), {}),
    (PUBLIC, "runtime", Runtime("/run/x", "cannot be made"), {"runtime.unusable": "warning"}),
    (PUBLIC, "runtime", Runtime("/run/x", "is there", suspect=True), {"runtime.unusable": "error"}),
]


@pytest.mark.parametrize(("config", "name", "fact", "expected"), REST)
def test_the_rest(config: Config, name: str, fact: object, expected: dict[str, str]) -> None:
    assert found(config, **{name: fact}) == expected


class TestProbes:
    def test_one_that_fails_is_a_finding(self) -> None:
        def probe() -> None:
            raise LookupError("no\nsuch table")

        outcome = probed(probe)
        (one,) = examined(PUBLIC, {"migrations": outcome})
        assert (one.id, one.level) == ("look.migrations", "warning")
        assert one.what == "pending migrations: this could not be looked at: LookupError: no such table"

    def test_one_that_would_end_the_process(self) -> None:
        assert probed(lambda: exit(3)).error == "SystemExit: 3"

    def test_one_that_does_not_come_back(self) -> None:
        from threading import Event

        never = Event()
        assert probed(never.wait, 0.05).error == "no answer within 0.05 seconds"
        never.set()


class TestLevels:
    def test_the_gravest_first(self) -> None:
        some_ = [Finding(level, level, "", "", "") for level in LEVELS]
        assert [each.level for each in gravest_first(some_)] == ["error", "warning", "info"]
        assert counted(some_) == "1 error, 1 warning, 1 note" and counted([]) == ""

    @pytest.mark.parametrize("level", LEVELS)
    def test_what_fails(self, level: str) -> None:
        one = [Finding("x", level, "", "", "")]
        assert [reaches(one, each) for each in LEVELS] == [
            LEVELS.index(each) <= LEVELS.index(level) for each in LEVELS
        ]

    def test_long_lists_are_cut(self) -> None:
        assert some("abcde") == "a, b, c and 2 more" and some("ab") == "a, b"


def test_every_finding_says_why_and_what_to_change() -> None:
    everything = [each for config, settings, _ in SETTINGS for each in findings(config, settings=settings)]
    everything += [each for static, _ in STATIC for each in findings(static=static)]
    everything += [each for config, name, fact, _ in REST for each in findings(config, **{name: fact})]
    assert all(each.what and each.why and each.change and "\n" not in each.what + each.change for each in everything)
