"""See ``tests.behaviour.test_resource_kinds``."""

from tests.behaviour.test_resource_kinds import *  # noqa: F403
