"""See ``tests.behaviour.test_wsgi_connection``."""

from tests.behaviour.test_wsgi_connection import *  # noqa: F403
