"""See ``tests.behaviour.test_protected``."""

from tests.behaviour.test_protected import *  # noqa: F403
