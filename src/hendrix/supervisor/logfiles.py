"""Log files that the project's user must be able to write to, where only root may make files in their directory."""

from __future__ import annotations

import os

from hendrix.core.config import Config
from hendrix.core.events import WARNING, emit
from hendrix.supervisor import identity


def hand_over(config: Config) -> None:
    """Make them where they are missing, and give them to the user that the project runs as, if there is one.

    To be done at the start, and again when they were moved away.
    """
    owner = identity.find(config.user, config.group)
    if owner is None:
        return
    for path in (config.log, config.access_logfile):
        if path not in ("", "-"):
            _hand_over(path, owner)


def _hand_over(path: str, owner: identity.Identity) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW, 0o640))
        identity.own(path, owner)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        emit("logs.cannot_hand_over", WARNING, path=path, user=owner.name, reason=reason)
