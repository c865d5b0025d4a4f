"""See ``tests.behaviour.test_event_streams``."""

from tests.behaviour.test_event_streams import *  # noqa: F403
