"""See ``tests.behaviour.test_django_atomic``."""

from tests.behaviour.test_django_atomic import *  # noqa: F403
