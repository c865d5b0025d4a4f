"""See ``tests.behaviour.test_file_responses``."""

from tests.behaviour.test_file_responses import *  # noqa: F403
