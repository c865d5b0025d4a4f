"""See ``tests.behaviour.test_asgi_http``."""

from tests.behaviour.test_asgi_http import *  # noqa: F403
