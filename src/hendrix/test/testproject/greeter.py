"""A service beside the views, which find it by its name."""

from __future__ import annotations

from twisted.application.service import Service


class Greeter(Service):
    """Greets while it runs."""

    def greet(self, name: str) -> str:
        """A greeting."""
        return f"hello {name}" if self.running else "too early"
