"""See ``tests.behaviour.test_django_threads``."""

from tests.behaviour.test_django_threads import *  # noqa: F403
