"""The old name of ``hendrix.contrib.concurrency.messaging``, for dotted paths in settings."""

from hendrix.contrib.concurrency.messaging import *  # noqa: F403
