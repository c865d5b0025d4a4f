"""See ``tests.behaviour.test_wsgi_start_response``."""

from tests.behaviour.test_wsgi_start_response import *  # noqa: F403
