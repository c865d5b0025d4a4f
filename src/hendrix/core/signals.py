"""Signals that mean what the supervisor says: a terminal's ^C and systemd's stop reach every process of ours."""

from __future__ import annotations

import signal

LEFT_TO_SUPERVISOR = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
