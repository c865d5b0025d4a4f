"""Numbers from the query string, kept within bounds."""

import math

from django.http import HttpRequest


def number(request: HttpRequest, name: str, *, default: float, low: float, high: float) -> float:
    """The parameter `name`, moved into low..high; `default` where it is missing or not a number."""
    try:
        value = float(request.GET.get(name, default))
    except ValueError:
        return default
    return min(max(value, low), high) if math.isfinite(value) else default


def whole_number(request: HttpRequest, name: str, *, default: int, low: int, high: int) -> int:
    """Like `number`, without a fraction."""
    return int(number(request, name, default=default, low=low, high=high))
