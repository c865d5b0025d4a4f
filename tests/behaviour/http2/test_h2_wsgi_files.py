"""See ``tests.behaviour.test_wsgi_files``."""

from tests.behaviour.test_wsgi_files import *  # noqa: F403
