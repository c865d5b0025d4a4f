"""See ``tests.behaviour.test_django_postgres``."""

from tests.behaviour.test_django_postgres import *  # noqa: F403
