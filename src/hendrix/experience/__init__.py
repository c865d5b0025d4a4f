"""The old project's names for what a view does beside its answer."""

from hendrix.tasks.crosstown import crosstown_traffic

__all__ = ["crosstown_traffic"]
