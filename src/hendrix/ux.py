"""The old project's ``hendrix.ux``: what of it has a meaning today."""

from __future__ import annotations

import os
from typing import Any

from hendrix.cli.main import main
from hendrix.cli.manage_py import settings_set_by
from hendrix.deploy.base import HendrixDeploy

__all__ = ["findSettingsModule", "launch", "main"]


def launch(*args: str, **options: Any) -> None:
    """``launch("start", http_port=8000)`` is ``HendrixDeploy("start", {"http_port": 8000}).run()``."""
    HendrixDeploy(args[0] if args else "start", options).run()


def findSettingsModule() -> str:
    """What ``manage.py`` in this directory sets as ``DJANGO_SETTINGS_MODULE``; empty where it sets none."""
    return settings_set_by(os.path.abspath("manage.py"), os.environ) or ""
