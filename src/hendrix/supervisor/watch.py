"""Being replaced."""

from __future__ import annotations

import socket


def watch(channel: socket.socket) -> None:
    """Tell of changes."""
