"""Whether anybody sees what is logged."""

from __future__ import annotations

import io
import logging
import logging.handlers
from collections.abc import Iterator

import pytest

from hendrix.observe.shown import is_shown


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("shown")
    yield logger
    logger.propagate = True
    logger.handlers.clear()
    logger.filters.clear()
    logger.disabled = False
    logger.setLevel(logging.NOTSET)


class AdminEmailHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Named as Django's."""


def shown() -> bool:
    # Only now: pytest listens to all loggers that do not propagate when a test begins.
    logging.getLogger("shown").propagate = False
    return is_shown("shown.below", logging.ERROR)


def test_by_a_terminal(logger: logging.Logger) -> None:
    assert not shown()
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    assert shown()


@pytest.mark.parametrize(
    "handler", [logging.NullHandler(), AdminEmailHandler(), logging.FileHandler("/dev/null", delay=True)], ids=repr
)
def test_not_by_what_writes_elsewhere(logger: logging.Logger, handler: logging.Handler) -> None:
    logger.addHandler(handler)
    assert not shown()


def test_not_what_is_switched_off(logger: logging.Logger) -> None:
    handler = logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    logger.setLevel(logging.CRITICAL)
    assert not shown()
    logger.setLevel(logging.NOTSET)
    handler.setLevel(logging.CRITICAL)
    assert not shown()
    handler.setLevel(logging.NOTSET)
    handler.addFilter(lambda record: False)
    assert not shown()


def test_not_by_a_logger_that_is_disabled(logger: logging.Logger) -> None:
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    below = logging.getLogger("shown.below")
    below.disabled = True
    try:
        assert not shown()
    finally:
        below.disabled = False
