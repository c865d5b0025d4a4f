"""See ``tests.behaviour.test_django_bodies``."""

from tests.behaviour.test_django_bodies import *  # noqa: F403
