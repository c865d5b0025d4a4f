"""See ``tests.behaviour.test_wsgi_environ``."""

from tests.behaviour.test_wsgi_environ import *  # noqa: F403
