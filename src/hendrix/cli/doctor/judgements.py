"""What is wrong, told from the facts: a function for each noun, and all of them in one table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hendrix.cli.doctor.finding import ERROR, WARNING, Finding
from hendrix.core.config import Config

_ONLY_HERE = ("127.", "localhost:", "[::1]:", "unix:")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """The final options, and what ``looks`` found."""

    config: Config
    looked: Mapping[str, Any]

    @property
    def settings(self) -> Mapping[str, Any]:
        """Of the project."""
        found: Mapping[str, Any] = self.looked["settings"]
        return found

    @property
    def public(self) -> bool:
        """May somebody on another machine connect?"""
        places = (*self.config.bind, *(self.config.https_bind if self.config.secure else ()))
        return not places or any(not place.startswith(_ONLY_HERE) for place in places)

    @property
    def processes(self) -> int:
        """How many run the project's code."""
        return self.config.workers + self.config.task_workers

    def line(self, text: str) -> str:
        """A line of the settings."""
        return f"{text} in {self.settings['file']}"


def findings(facts: Facts) -> list[Finding]:
    """All of them."""
    found = [_failed(name, why) for name, why in facts.looked.get("failed", {}).items()]
    if "settings" in facts.looked:
        found += [one for judge in JUDGES for one in judge(facts)]
    return found


def _failed(name: str, why: str) -> Finding:
    return Finding(
        f"look.{name}",
        WARNING,
        f"{name} could not be looked at: {why}",
        "nobody can say whether it is in order",
        "what the message names, then run hx check again",
    )


def debug(facts: Facts) -> Iterator[Finding]:
    """Tracebacks for everybody."""
    if facts.settings["debug"]:
        what = "DEBUG is on" + (", and other machines can connect" if facts.public else "")
        why = "each failing page shows code and settings to whoever asked for it, and each query is kept in memory"
        yield Finding("debug", ERROR if facts.public else WARNING, what, why, facts.line("DEBUG = False"))


def hosts(facts: Facts) -> Iterator[Finding]:
    """Whom the site answers as."""
    given, line = facts.settings["hosts"], facts.line("ALLOWED_HOSTS = ['www.example.org']")
    if "*" in given:
        why = "a forged Host ends up in links, mails for lost passwords and caches"
        yield Finding("hosts.any", WARNING, "ALLOWED_HOSTS permits any host", why, line)
    elif not given and not facts.settings["debug"]:
        yield Finding("hosts.none", ERROR, "ALLOWED_HOSTS is empty", "every request is answered by 400", line)


def secret_key(facts: Facts) -> Iterator[Finding]:
    """What signs sessions."""
    if weakness := facts.settings["key"]:
        why = "who guesses it, or reads it in a repository, can forge sessions, signed cookies and password links"
        line = facts.line("SECRET_KEY = os.environ['SECRET_KEY'], with 50 random signs or more there")
        level = WARNING if facts.settings["debug"] else ERROR
        yield Finding("secret_key", level, f"SECRET_KEY {weakness}", why, line)


def deployment(facts: Facts) -> Iterator[Finding]:
    """Django's own."""
    for one in facts.looked.get("deployment", ()):
        why = one["hint"] or "Django's check --deploy says so"
        change = facts.line(f"the setting it names, or SILENCED_SYSTEM_CHECKS = ['{one['id']}']")
        yield Finding(f"django.{one['id']}", WARNING, one["what"], why, change)


def migrations(facts: Facts) -> Iterator[Finding]:
    """The database is older than the code."""
    if pending := facts.looked.get("migrations", ()):
        more = ", ..." if len(pending) > _SHOWN else ""
        what = f"{len(pending)} migrations are pending: {', '.join(pending[:_SHOWN])}{more}"
        why = "views that use the new tables or columns fail"
        yield Finding("migrations", WARNING, what, why, "run manage.py migrate")


def threads(facts: Facts) -> Iterator[Finding]:
    """Started at import."""
    if names := facts.looked.get("threads", ()):
        what = f"threads were started at import: {', '.join(names[:_SHOWN])}"
        why = "a fork leaves them behind, so each worker imports the project itself: slower starts, more memory"
        yield Finding("threads", WARNING, what, why, "start them in a service (HENDRIX_SERVICES)")


def sqlite(facts: Facts) -> Iterator[Finding]:
    """One writer at a time."""
    names = [name for name, engine in facts.settings["databases"].items() if engine.endswith("sqlite3")]
    if names and facts.processes > 1:
        what = f"{facts.processes} processes share SQLite ({', '.join(names)})"
        why = "it takes one writer at a time; the others wait, and fail with 'database is locked' after 5 s"
        line = facts.line("DATABASES: PostgreSQL, or 'OPTIONS': {'transaction_mode': 'IMMEDIATE', 'timeout': 20}")
        yield Finding("sqlite", WARNING, what, why, line)


def caches(facts: Facts) -> Iterator[Finding]:
    """One in each process."""
    names = [name for name, backend in facts.settings["caches"].items() if backend.endswith(".LocMemCache")]
    if names and facts.processes > 1:
        what = f"{facts.processes} processes have a LocMemCache each ({', '.join(names)})"
        why = "what one of them sets, deletes or counts, the others do not see"
        line = facts.line("CACHES: 'BACKEND': 'hendrix.cache_backend.SharedCache'")
        yield Finding("caches", WARNING, what, why, line)


def sessions(facts: Facts) -> Iterator[Finding]:
    """Kept in a cache that is one process's own."""
    backend = facts.settings["caches"].get(facts.settings["session_cache"], "")
    if facts.settings["sessions"].endswith(".cache") and backend.endswith((".LocMemCache", ".DummyCache")):
        why = "another worker does not know them, and a reload forgets them: users are logged out at random"
        line = facts.line("SESSION_ENGINE = 'django.contrib.sessions.backends.db', or a cache that is shared")
        yield Finding("sessions", ERROR, f"sessions are kept in {backend.rpartition('.')[2]}", why, line)


def tasks(facts: Facts) -> Iterator[Finding]:
    """That nobody, or the request itself, works on."""
    for name, backend in facts.settings["tasks"].items():
        kind = backend.rpartition(".")[2]
        if kind in ("ImmediateBackend", "DummyBackend") and not facts.settings["debug"]:
            why = "no task is ever done" if kind == "DummyBackend" else "each task is done within the request"
            line = facts.line("TASKS: 'BACKEND': 'hendrix.tasks.backend.TaskBackend', and --task-workers 1")
            yield Finding("tasks", WARNING, f"tasks of {name!r} go to {kind}", why, line)


def proxy(facts: Facts) -> Iterator[Finding]:
    """Settings and server believe the same of it."""
    header = facts.settings["proxy_header"]
    if header not in ("", "HTTP_X_FORWARDED_PROTO"):
        what = f"SECURE_PROXY_SSL_HEADER is {header}, which the server does not judge"
        why = "any client can send it and be taken for one that came by HTTPS, unless the proxy removes it"
        line = facts.line("SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')")
        yield Finding("proxy.header", WARNING, what, why, line)
    if "*" in facts.config.forwarded_allow_ips.split(",") and facts.public:
        why = "any client can claim an address, a host and HTTPS: bans, limits and logs become worthless"
        line = "forwarded_allow_ips = the addresses of your proxies, in hendrix.toml"
        yield Finding("proxy.any", WARNING, "X-Forwarded-* is believed from everybody", why, line)


JUDGES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    *(debug, hosts, secret_key, deployment, migrations, threads),
    *(sqlite, caches, sessions, tasks, proxy),
)
