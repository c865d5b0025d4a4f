"""Whether what is logged under a name is seen by somebody who looks at the terminal or at our log."""

from __future__ import annotations

import logging
import logging.handlers

_ELSEWHERE = (
    logging.NullHandler,
    logging.FileHandler,
    logging.handlers.SMTPHandler,
    logging.handlers.SocketHandler,
    logging.handlers.SysLogHandler,
    logging.handlers.HTTPHandler,
)
_MAIL = "AdminEmailHandler"


def is_shown(name: str, level: int) -> bool:
    """Whether a handler that writes to a terminal, or a log of ours, takes a record of this level."""
    logger: logging.Logger | None = logging.getLogger(name)
    if logger is None or logger.disabled or not logger.isEnabledFor(level):
        return False
    record = logger.makeRecord(name, level, "", 0, "", (), None)
    if not logger.filter(record):
        return False
    while logger is not None:
        if any(_shows(handler, record) for handler in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False


def _shows(handler: logging.Handler, record: logging.LogRecord) -> bool:
    if isinstance(handler, _ELSEWHERE) or type(handler).__name__ == _MAIL:
        return False
    return record.levelno >= handler.level and bool(handler.filter(record))
