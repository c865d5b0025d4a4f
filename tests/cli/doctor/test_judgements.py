"""Facts in, findings out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hendrix.cli.doctor.finding import Finding, page
from hendrix.cli.doctor.judgements import Facts, findings
from hendrix.core.config import Config

GOOD: dict[str, Any] = {
    "file": "/srv/shop/settings.py",
    "debug": False,
    "hosts": ["shop.example.org"],
    "key": "",
    "databases": {"default": "django.db.backends.postgresql"},
    "caches": {"default": "hendrix.cache_backend.SharedCache"},
    "sessions": "django.contrib.sessions.backends.db",
    "session_cache": "default",
    "tasks": {},
    "proxy_header": "",
}
LOCAL = {"default": "django.core.cache.backends.locmem.LocMemCache"}
SQLITE = {"default": "django.db.backends.sqlite3"}
CACHED = "django.contrib.sessions.backends.cache"
PUBLIC = replace(Config(), bind=("0.0.0.0:80",))
HERE = replace(Config(), bind=("127.0.0.1:80",))


def found(config: Config = PUBLIC, looked: dict[str, Any] | None = None, **settings: Any) -> dict[str, str]:
    """Level by id."""
    facts = Facts(config, {"settings": {**GOOD, **settings}, **(looked or {})})
    return {one.id: one.level for one in findings(facts)}


def test_a_good_project_has_none() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"debug": True}, {"debug": "error"}),
        ({"hosts": []}, {"hosts.none": "error"}),
        ({"hosts": ["*"]}, {"hosts.any": "warning"}),
        ({"hosts": [], "debug": True}, {"debug": "error"}),
        ({"key": "is short"}, {"secret_key": "error"}),
        ({"key": "is short", "debug": True}, {"debug": "error", "secret_key": "warning"}),
        ({"sessions": CACHED, "caches": LOCAL}, {"sessions": "error"}),
        ({"sessions": CACHED}, {}),
        ({"tasks": {"default": "django.tasks.backends.immediate.ImmediateBackend"}}, {"tasks": "warning"}),
        ({"tasks": {"default": "hendrix.tasks.backend.TaskBackend"}}, {}),
        ({"proxy_header": "HTTP_X_SSL"}, {"proxy.header": "warning"}),
        ({"proxy_header": "HTTP_X_FORWARDED_PROTO"}, {}),
        ({"databases": SQLITE, "caches": LOCAL}, {}),
    ],
)
def test_settings(settings: dict[str, Any], expected: dict[str, str]) -> None:
    assert found(**settings) == expected


def test_several_processes() -> None:
    for config in (replace(PUBLIC, workers=2), replace(PUBLIC, task_workers=1)):
        assert found(config, databases=SQLITE, caches=LOCAL) == {"sqlite": "warning", "caches": "warning"}


def test_where_only_this_machine_can_connect_debug_is_a_warning() -> None:
    assert found(HERE, debug=True) == {"debug": "warning"}
    assert found(replace(HERE, forwarded_allow_ips="*")) == {}


def test_everybody_is_believed() -> None:
    assert found(replace(PUBLIC, forwarded_allow_ips="*")) == {"proxy.any": "warning"}


def test_what_was_looked_at() -> None:
    looked = {
        "migrations": ["shop.0002"],
        "threads": ["poller"],
        "deployment": [{"id": "security.W004", "what": "no HSTS", "hint": ""}],
    }
    assert set(found(looked=looked)) == {"migrations", "threads", "django.security.W004"}


def test_a_look_that_failed_is_a_finding() -> None:
    assert found(looked={"failed": {"migrations": "OperationalError: refused"}}) == {"look.migrations": "warning"}


def test_the_page_has_errors_first_and_no_control_signs() -> None:
    lines = list(page([Finding("b", "warning", "x\x1by", "z", "w"), Finding("a", "error", "q " * 60, "z", "w")]))
    assert lines[0].startswith("error: ") and max(map(len, lines)) <= 80
    assert "warning: x y [b]" in lines
