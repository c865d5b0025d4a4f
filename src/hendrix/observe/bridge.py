"""Twisted's log, handed on to standard ``logging``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}

_bridged = False


def bridge_twisted() -> None:
    """Have what is logged by ``twisted.logger`` and ``twisted.python.log`` end where ``logging`` ends, once.

    The logger is named after the namespace of the event. Twisted is imported here and not before: only a worker,
    which has installed its reactor, may call this. What Twisted kept until now is written too.
    """
    global _bridged
    if _bridged:
        return
    _bridged = True
    from twisted.logger import formatEvent, globalLogBeginner  # noqa: PLC0415 (see above)

    def observe(event: dict[str, Any]) -> None:
        _hand_on(event, formatEvent)

    globalLogBeginner.beginLoggingTo([cast(Any, observe)], redirectStandardIO=False)


def _hand_on(event: dict[str, Any], format_event: Callable[[dict[str, Any]], str]) -> None:
    level = _LEVELS.get(getattr(event.get("log_level"), "name", ""), logging.CRITICAL)
    logger = logging.getLogger(_name(event))
    logger.disabled = False  # a project's disable_existing_loggers must not hide Twisted's failures
    if logger.isEnabledFor(level):
        failure = event.get("log_failure")
        text = format_event(event) or (failure.getErrorMessage() if failure is not None else "")
        logger.log(level, "%s", text, exc_info=_exc_info(failure))


def _name(event: dict[str, Any]) -> str:
    namespace = event.get("log_namespace")
    return namespace if isinstance(namespace, str) and namespace not in ("", "log_legacy") else "twisted"


def _exc_info(failure: Any) -> Any:
    return (failure.type, failure.value, failure.getTracebackObject()) if failure is not None else None
