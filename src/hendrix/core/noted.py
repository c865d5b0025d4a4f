"""What is noted of a request by whoever answers it, for those who count and trace (``Request.noted``)."""

from __future__ import annotations

from typing import Any, Protocol


class Noted(Protocol):
    """What answers one request. ``waited``: seconds in line for a thread; less than none where it needs none."""

    waited: float

    @property
    def span(self) -> Any:
        """Its span, where requests are traced; else None."""

    @property
    def view(self) -> str:
        """One of few names; empty where none was found."""

    @property
    def route(self) -> str:
        """The pattern of its path; empty where there is none."""


class Named:
    """What has one name for all that it answers."""

    __slots__ = ("route", "span", "view", "waited")

    def __init__(self, view: str, waited: float = -1.0, span: Any = None) -> None:
        self.view = view
        self.route = ""
        self.waited = waited
        self.span = span


FILES = Named("(files)")
CACHE = Named("(cache)")
ASGI = Named("(asgi)")
RESOURCES = Named("(resources)")
