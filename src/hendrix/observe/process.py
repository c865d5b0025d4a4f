"""Which of the server's processes this is, for its lines in the log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class _Process:
    role: str = "supervisor"
    number: int = 0

    @property
    def name(self) -> str:
        """Like ``worker 3``."""
        return f"{self.role} {self.number}" if self.number else self.role


process = _Process()


def be(role: str, number: int = 0) -> None:
    """This process is ``role`` from now on; ``number`` where there are several of its kind."""
    process.role, process.number = role, number
