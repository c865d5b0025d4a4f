"""The access log that is asked for: can it be had? Said once and at the start, where each worker would fail at it."""

from __future__ import annotations

from hendrix.cli.load import Sourced
from hendrix.core.errors import UsageError


def check_format(sourced: Sourced) -> None:
    """Raises ``UsageError`` for what is no format."""
    if sourced.config.access_log == "off":
        return
    from hendrix.observe.format import compile_format  # noqa: PLC0415 - most have no access log

    try:
        compile_format(sourced.config.access_log)
    except ValueError as reason:
        raise UsageError(f"{sourced.sources['access_log']}: the format {reason}") from None


def check_file(sourced: Sourced) -> None:
    """Raises ``UsageError`` where it cannot be opened; else it is made."""
    path = sourced.config.access_logfile
    if sourced.config.access_log == "off" or path == "-":
        return
    from hendrix.observe.sink import Sink  # noqa: PLC0415

    try:
        Sink(path).close(0)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{sourced.sources['access_logfile']}: cannot open {path}: {reason}") from None
