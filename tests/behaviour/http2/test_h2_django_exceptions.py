"""See ``tests.behaviour.test_django_exceptions``."""

from tests.behaviour.test_django_exceptions import *  # noqa: F403
