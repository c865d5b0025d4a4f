"""Where the control groups of this process are: the directories that hold its limits and its counters."""

from __future__ import annotations

import contextlib
from pathlib import Path

PROC = "/proc"
TREE = "/sys/fs/cgroup"


def own_groups(controller: str, proc: str = PROC, tree: str = TREE) -> tuple[Path, ...]:
    """The group of this process under ``controller`` (``cpu``, ``memory``) and those around it, innermost first.

    Version 1 where that has the controller, else version 2. Empty where there are no control groups.
    """
    with contextlib.suppress(OSError, UnicodeError):
        for mount, path in _places(controller, Path(proc, "self", "cgroup").read_text("utf-8"), Path(tree)):
            return _chain(mount, path)
    return ()


def read(file: Path) -> str:
    """The text of a file of the kernel, or nothing where that cannot be had."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeError):
        return ""


def _places(controller: str, memberships: str, tree: Path) -> list[tuple[Path, str]]:
    """Where the hierarchy that has the controller is mounted, and the path in it: cgroups(7), /proc/PID/cgroup."""
    unified: list[tuple[Path, str]] = []
    for line in memberships.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller in controllers.split(","):
            return [(mount, path) for mount in (tree / controller, tree / controllers) if mount.is_dir()]
        if number == "0" and not controllers:
            # Beside version 1, version 2 has a directory of its own.
            mounts = (tree, tree / "unified")
            unified = [(mount, path) for mount in mounts if (mount / "cgroup.controllers").exists()]
    return unified


def _chain(mount: Path, path: str) -> tuple[Path, ...]:
    names = [name for name in path.split("/") if name]
    if ".." in names:
        names = []  # outside of what this namespace shows
    # In a container the path may be the host's while the mount begins with the container's group, so the front
    # of the path is not there.
    while not mount.joinpath(*names).is_dir():
        names = names[1:]
        if not names:
            break
    return tuple(mount.joinpath(*names[:depth]) for depth in range(len(names), -1, -1))
