"""See ``tests.behaviour.test_wsgi_input``."""

from tests.behaviour.test_wsgi_input import *  # noqa: F403
