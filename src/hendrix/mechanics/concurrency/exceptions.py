"""The old names of errors."""

from hendrix.core.errors import NoResponse as ThreadHasNoResponse

__all__ = ["ThreadHasNoResponse"]
