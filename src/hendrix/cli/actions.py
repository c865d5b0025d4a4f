"""What ``hx`` can do: one entry per action, each with a file of its own that is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hendrix.cli.load import Sourced


@dataclass(frozen=True, slots=True)
class Action:
    """``run`` takes the options as loaded and returns the exit status."""

    name: str
    help: str
    run: Callable[[Sourced], int]


def _start(sourced: Sourced) -> int:
    from hendrix.cli.start import start  # noqa: PLC0415 - help must not pay for it

    return start(sourced)


ACTIONS: dict[str, Action] = {
    action.name: action for action in (Action("start", "serve the project in this directory", _start),)
}
