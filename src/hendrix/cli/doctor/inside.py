"""The probes that need the project: they run in its process, after it was loaded, and import Django."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from hendrix.cli.doctor.collected import collected
from hendrix.cli.doctor.facts import Database, Loaded, Migrations, Secret, Settings, Told
from hendrix.cli.doctor.outcome import Outcome, probed

if TYPE_CHECKING:
    from hendrix.worker.served import Served

_NAMES = ("ALLOWED_HOSTS", "CACHES", "SESSION_ENGINE", "TASKS", "STATIC_ROOT")
#: Of a file of sqlite that is in memory.
_MEMORY = (":memory:", "mode=memory", "file::memory:")


Probes = Mapping[str, Callable[[], Any]]


def probes(served: Served, threads: list[str]) -> Probes:
    """By name. ``threads`` were there after the import."""
    found: dict[str, Callable[[], Any]] = {"loaded": lambda: _loaded(served, threads)}
    if "django.conf" in sys.modules and sys.modules["django.conf"].settings.configured:
        found |= {"settings": _settings, "checks": _checks, "migrations": _migrations, "static": collected}
    return found


def told(probe: Callable[[], Any]) -> dict[str, Any]:
    """Its outcome, as JSON can carry it."""
    outcome = probed(probe)
    return {"fact": _plain(outcome.fact), "error": outcome.error}


def other_threads() -> list[str]:
    """Those that run now beside the main one."""
    return [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]


def understood(name: str, said: Mapping[str, Any] | None) -> Outcome:
    """The reverse, in the parent; ``None`` is that of a probe that the process did not come back from."""
    if said is None:
        return Outcome(error="the process that looked at it died, or took too long")
    return Outcome(_fact(name, said["fact"]), said["error"])


def _plain(fact: Any) -> Any:
    if isinstance(fact, list):
        return [_plain(each) for each in fact]
    if isinstance(fact, dict):
        return {name: _plain(each) for name, each in fact.items()}
    return asdict(fact) if is_dataclass(fact) and not isinstance(fact, type) else fact


def _fact(name: str, plain: Any) -> Any:
    from hendrix.cli.doctor.facts import Collected  # noqa: PLC0415

    if plain is None:
        return None
    if name == "settings":
        databases = {alias: Database(**each) for alias, each in plain["databases"].items()}
        return Settings(**{**plain, "databases": databases, "secret": Secret(**plain["secret"])})
    if name == "checks":
        return [Told(**each) for each in plain]
    if name == "migrations":
        return {alias: Migrations(**each) for alias, each in plain.items()}
    return Collected(**plain) if name == "static" else Loaded(**plain)


# --- the probes -------------------------------------------------------------------------------------------


def _loaded(served: Served, threads: list[str]) -> Loaded:
    lost = overridden(served)
    if served.interface is None:
        return Loaded(threads, overridden=lost)
    from django.urls import get_resolver  # noqa: PLC0415

    from hendrix.answer.django_handler import has_async_views  # noqa: PLC0415

    holding = list(served.django.holding) if served.django else []
    return Loaded(threads, served.interface.name, has_async_views(get_resolver()), holding, lost)


def overridden(served: Served) -> list[str]:
    """The resources whose place another one has."""
    pairs = served.mounts.overridden if served.mounts is not None else ()
    return [f"{before.name} is not served: {after.name} is at {after.path}, too" for before, after in pairs]


def _settings() -> Settings:
    from django.conf import settings  # noqa: PLC0415

    header = settings.SECURE_PROXY_SSL_HEADER
    return Settings(
        module=_file(settings),
        debug=bool(settings.DEBUG),
        hosts=[str(host) for host in settings.ALLOWED_HOSTS],
        secret=_secret(settings),
        said=[name for name in _NAMES if settings.is_overridden(name)],
        proxy_header=str(header[0]) if header else "",
        ssl_redirect=bool(settings.SECURE_SSL_REDIRECT),
        forwarded_host=bool(settings.USE_X_FORWARDED_HOST),
        databases={alias: _database(each) for alias, each in settings.DATABASES.items()},
        caches={alias: str(each.get("BACKEND", "")) for alias, each in settings.CACHES.items()},
        session_engine=str(settings.SESSION_ENGINE) if _has_sessions(settings) else "",
        session_cache=str(settings.SESSION_CACHE_ALIAS),
        tasks={alias: str(each.get("BACKEND", "")) for alias, each in getattr(settings, "TASKS", {}).items()},
        has_tasks=_has_tasks(),
    )


def _file(settings: Any) -> str:
    """The one to change, which may import others."""
    module = sys.modules.get(str(getattr(settings, "SETTINGS_MODULE", "")))
    return str(getattr(module, "__file__", "") or "the settings")


def _has_sessions(settings: Any) -> bool:
    return any("session" in name.lower() for name in settings.MIDDLEWARE)


def _secret(settings: Any) -> Secret:
    try:
        key = settings.SECRET_KEY
    except Exception:  # Django refuses an empty one
        return Secret(0, 0)
    key = key.decode("latin-1") if isinstance(key, bytes) else str(key)
    return Secret(len(key), len(set(key)), key.startswith("django-insecure-"))


def _database(given: Mapping[str, Any]) -> Database:
    options = given.get("OPTIONS") or {}
    name = str(given.get("NAME", ""))
    return Database(
        engine=str(given.get("ENGINE", "")),
        in_memory=any(sign in name for sign in _MEMORY),
        immediate=str(options.get("transaction_mode", "")).upper() in ("IMMEDIATE", "EXCLUSIVE"),
        wal="wal" in str(options.get("init_command", "")).lower(),
        patience=_seconds(options.get("timeout", 5.0)),
    )


def _seconds(value: object) -> float:
    """As ``sqlite3.connect`` takes them; what it would refuse is for Django to tell."""
    return float(value) if isinstance(value, int | float) else 5.0


def _has_tasks() -> bool:
    """Are there tasks in what was imported? By their types: to ask lazy objects would make them."""
    kinds = [
        kind
        for name in ("django.tasks", "django_tasks")
        if (kind := getattr(sys.modules.get(name), "Task", None)) is not None
    ]
    names = [name for name in sys.modules if not name.startswith(("django.", "django_tasks", "hendrix."))]
    return bool(kinds) and any(
        issubclass(type(value), tuple(kinds)) for name in names for value in list(_attributes(sys.modules[name]))
    )


def _attributes(module: Any) -> Iterator[Any]:
    yield from list(getattr(module, "__dict__", {}).values())


def _checks() -> list[Told]:
    from django.core import checks  # noqa: PLC0415

    found = checks.run_checks(include_deployment_checks=True)
    return [
        Told(each.id or "", each.level, f"{_whose(each.obj)}{_line(each.msg)}", _line(each.hint or ""))
        for each in found
        if not each.is_silenced()
    ]


def _whose(thing: Any) -> str:
    """As Django's own list of messages has it."""
    if thing is None:
        return ""
    return f"{thing._meta.label if isinstance(thing, type) and hasattr(thing, '_meta') else thing}: "


def _line(text: object) -> str:
    return " ".join(str(text).split())


def _migrations() -> dict[str, Migrations]:
    from django.db import connections  # noqa: PLC0415

    return {alias: _of_database(connections[alias]) for alias in connections if connections[alias].vendor != "unknown"}


def _of_database(connection: Any) -> Migrations:
    from django.db import Error  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    if absent := _absent(connection):
        return Migrations(absent=absent)  # to look into it would make it
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        never = not executor.recorder.has_table()
    except Error as error:
        return Migrations(unreachable=_line(error)[:200])
    finally:
        connection.close()
    return Migrations([f"{migration.app_label}.{migration.name}" for migration, _backwards in plan], never=never)


def _absent(connection: Any) -> str:
    name = str(connection.settings_dict.get("NAME", ""))
    if connection.vendor != "sqlite" or name.startswith("file:") or not name or ":memory:" in name:
        return ""
    return "" if os.path.exists(name) else name
