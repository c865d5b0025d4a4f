"""See ``tests.behaviour.test_static``."""

from tests.behaviour.test_static import *  # noqa: F403
