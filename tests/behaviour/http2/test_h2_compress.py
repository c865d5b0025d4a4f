"""See ``tests.behaviour.test_compress``."""

from tests.behaviour.test_compress import *  # noqa: F403
