"""See ``tests.behaviour.test_django_limits``."""

from tests.behaviour.test_django_limits import *  # noqa: F403
