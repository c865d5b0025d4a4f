"""Retries: how often a task that failed is tried again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T", bound=Callable[..., Any])

_ATTRIBUTE = "__hendrix_retry__"
#: Of a delay: tasks that failed together are not to come back together.
_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Retry:
    """``times`` more attempts after the first; before the n-th of them ``backoff * 2 ** (n - 1)`` seconds, at the most
    ``longest``; only after errors of the kinds ``on``."""

    times: int = 0
    backoff: float = 1.0
    longest: float = 3600.0
    on: tuple[type[BaseException], ...] = (Exception,)

    def delay(self, attempt: int, error: BaseException, chance: float) -> float | None:
        """Seconds until the next attempt after the ``attempt``-th failed with ``error``; None: that was the last.

        ``chance`` is between 0 and 1.
        """
        if attempt > self.times or not isinstance(error, self.on):
            return None
        plain = min(self.backoff * 2.0 ** min(attempt - 1, 60), self.longest)
        return plain * (1 - _SPREAD + 2 * _SPREAD * chance)


def retry(
    times: int,
    *,
    backoff: float = 1.0,
    longest: float = 3600.0,
    on: type[BaseException] | tuple[type[BaseException], ...] = Exception,
) -> Callable[[T], T]:
    """Beneath or above ``@task``: try it again when it fails. See ``Retry``."""
    policy = Retry(times, backoff, longest, on if isinstance(on, tuple) else (on,))

    def mark(function: T) -> T:
        setattr(getattr(function, "func", function), _ATTRIBUTE, policy)
        return function

    return mark


def policy_of(function: Callable[..., Any] | None, options: Mapping[str, Any]) -> Retry:
    """That of the function, or that of the backend's ``OPTIONS``."""
    own = getattr(function, _ATTRIBUTE, None)
    if isinstance(own, Retry):
        return own
    plain = Retry()
    return Retry(
        int(options.get("RETRIES", plain.times)),
        float(options.get("BACKOFF", plain.backoff)),
        float(options.get("LONGEST_BACKOFF", plain.longest)),
    )


def chance() -> float:
    """Between 0 and 1."""
    return random.random()  # noqa: S311 - nobody gains by guessing it
