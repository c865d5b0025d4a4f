"""See ``tests.behaviour.test_django_signals``."""

from tests.behaviour.test_django_signals import *  # noqa: F403
