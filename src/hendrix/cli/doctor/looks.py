"""What is to be known of a loaded project, as JSON can carry it. Runs in the process that loaded it on trial.

Each look is bounded in time, and one that fails says so: it is no reason for the others to be left out. The secret key
does not leave this process.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any

PATIENCE = 5.0
"""Seconds for each look."""
_OWN = ("security.W009", "security.W018", "security.W020")
"""Those of Django's deployment checks that we judge by where the server listens."""


def look() -> dict[str, Any]:
    """All facts by name; ``failed`` has why there are none."""
    if "django" not in sys.modules:
        return {}
    # Taken first: what has threads now has started them at its import.
    facts: dict[str, Any] = {
        "threads": [one.name for one in threading.enumerate() if one is not threading.main_thread()]
    }
    failed: dict[str, str] = {}
    for name, call in LOOKS.items():
        _bounded(name, call, facts, failed)
    return {**facts, "failed": failed}


def _bounded(name: str, call: Callable[[], Any], facts: dict[str, Any], failed: dict[str, str]) -> None:
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((call(), ""))
        except Exception as error:  # whatever the project's parts provoke
            outcome.append((None, f"{type(error).__name__}: {error}"))

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    value, fault = outcome[0] if outcome else (None, f"no answer within {PATIENCE:.0f} s")
    if fault:
        failed[name] = fault
    else:
        facts[name] = value


def _settings() -> dict[str, Any]:
    from django.conf import settings  # noqa: PLC0415

    module = sys.modules.get(os.environ.get("DJANGO_SETTINGS_MODULE", ""))
    tasks = getattr(settings, "TASKS", {})
    header = settings.SECURE_PROXY_SSL_HEADER
    return {
        "file": str(getattr(module, "__file__", "") or "the settings"),
        "debug": bool(settings.DEBUG),
        "hosts": [str(host) for host in settings.ALLOWED_HOSTS],
        "key": _weakness(str(settings.SECRET_KEY)),
        "databases": {name: str(about.get("ENGINE", "")) for name, about in settings.DATABASES.items()},
        "caches": {name: str(about.get("BACKEND", "")) for name, about in settings.CACHES.items()},
        "sessions": str(settings.SESSION_ENGINE) if "django.contrib.sessions" in settings.INSTALLED_APPS else "",
        "session_cache": str(settings.SESSION_CACHE_ALIAS),
        "tasks": {name: str(about.get("BACKEND", "")) for name, about in tasks.items()},
        "proxy_header": str(header[0]) if header else "",
    }


def _weakness(key: str) -> str:
    """Of the secret key; empty where there is none. By the measures of Django's own check (security.W009)."""
    if key.startswith("django-insecure-"):
        return "was made by startproject, for development"
    if len(key) < 50 or len(set(key)) < 5:
        return "is short, or of very few different signs"
    return ""


def _deployment() -> list[dict[str, str]]:
    """Of Django's ``check --deploy``."""
    from django.core import checks  # noqa: PLC0415

    found = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
    told = [item for item in found if item.level >= checks.WARNING and not item.is_silenced() and item.id not in _OWN]
    return [{"id": item.id or "check", "what": item.msg, "hint": item.hint or ""} for item in told]


def _migrations() -> list[str]:
    """Those that no database of the settings has had. One of SQLite that is not there is not made by looking."""
    from django.db import connections  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    pending: list[str] = []
    for alias in connections:
        connection = connections[alias]
        file = str(connection.settings_dict["NAME"])
        if connection.vendor == "sqlite" and not file.startswith("file:") and not os.path.exists(file):
            pending.append(f"all of database {alias}")
            continue
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        pending += [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
        connection.close()
    return list(dict.fromkeys(pending))


LOOKS: dict[str, Callable[[], Any]] = {
    "settings": _settings,
    "deployment": _deployment,
    "migrations": _migrations,
}
