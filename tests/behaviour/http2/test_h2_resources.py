"""See ``tests.behaviour.test_resources``."""

from tests.behaviour.test_resources import *  # noqa: F403
