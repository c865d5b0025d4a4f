"""See ``tests.behaviour.test_django_hooks``."""

from tests.behaviour.test_django_hooks import *  # noqa: F403
