"""See ``tests.behaviour.test_django_context``."""

from tests.behaviour.test_django_context import *  # noqa: F403
