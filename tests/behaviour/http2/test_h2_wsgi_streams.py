"""See ``tests.behaviour.test_wsgi_streams``."""

from tests.behaviour.test_wsgi_streams import *  # noqa: F403
