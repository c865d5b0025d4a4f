"""See ``tests.behaviour.test_wsgi_bodies``."""

from tests.behaviour.test_wsgi_bodies import *  # noqa: F403
