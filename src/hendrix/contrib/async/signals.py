"""The old name of ``hendrix.contrib.concurrency.signals``, for dotted paths in settings."""

from hendrix.contrib.concurrency.signals import *  # noqa: F403
