"""The old name of ``hendrix.contrib.concurrency.resources``, for dotted paths in settings."""

from hendrix.contrib.concurrency.resources import *  # noqa: F403
