"""See ``tests.behaviour.test_resource_parity``."""

from tests.behaviour.test_resource_parity import *  # noqa: F403
