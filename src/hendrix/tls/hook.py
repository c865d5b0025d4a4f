"""The command that makes and removes DNS records, by which an authority sees that a name is ours (RFC 8555, 8.4).

    COMMAND present _acme-challenge.example.org. VALUE     make a TXT record with VALUE, beside others of that name
    COMMAND cleanup _acme-challenge.example.org. VALUE     remove it

The same as for lego's ``exec`` provider, so that scripts for it work. Exit status 0 means done. What the command needs
to know besides, it gets from its environment or its own files: arguments can be seen by every user of the machine.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Sequence

PATIENCE = 180.0
_LAST_WORDS = 4096
_LONGEST = 200


class HookError(Exception):
    """One line: why the record is not there."""


def words(command: str) -> list[str]:
    """The command as a shell would part it. Raises ``ValueError`` with a reason."""
    try:
        found = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"is no command: {str(error).lower()}; quote it as a shell wants it") from None
    if command.strip() and not found:
        raise ValueError("is no command; give a program and its arguments")
    return found


def run(command: Sequence[str], action: str, record: str, value: str, patience: float = PATIENCE) -> None:
    """Have it done. Raises ``HookError``."""
    try:
        process = subprocess.Popen(
            [*command, action, record, value],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise HookError(f"--dns-hook {command[0]}: {(error.strerror or str(error)).lower()}") from None
    try:
        output, _ = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        raise HookError(f"--dns-hook {command[0]} {action} took more than {patience:g} s") from None
    finally:
        _end(process)
    if process.returncode:
        raise HookError(f"--dns-hook {command[0]} {action}: {_told(process.returncode, output)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it has started."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    if process.stdout:
        process.stdout.close()


def _told(status: int, output: bytes) -> str:
    how = f"exit status {status}" if status > 0 else f"killed by signal {-status}"
    lines = output[-_LAST_WORDS:].decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    said = "".join(sign if sign.isprintable() else "?" for sign in last[:_LONGEST])
    return f"{how}, {said}" if said else how
