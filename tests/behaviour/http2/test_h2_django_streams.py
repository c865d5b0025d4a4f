"""See ``tests.behaviour.test_django_streams``."""

from tests.behaviour.test_django_streams import *  # noqa: F403
