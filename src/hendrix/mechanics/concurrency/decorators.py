"""The old name of the decorator's class."""

from hendrix.tasks.crosstown import CrosstownTraffic

_ThroughToYou = CrosstownTraffic

__all__ = ["_ThroughToYou"]
