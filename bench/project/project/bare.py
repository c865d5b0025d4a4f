"""The settings without any middleware."""

from .settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
