"""The settings with a resource of twisted.web beside Django."""

from .settings import *  # noqa: F403

HENDRIX_CHILD_RESOURCES = ["project.resources.hello"]
