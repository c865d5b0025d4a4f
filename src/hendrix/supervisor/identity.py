"""The user and the groups that the project runs as, where the server is started by root."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from typing import NoReturn

from hendrix.core.errors import UsageError
from hendrix.core.record import record

_LARGEST_ID = 2**32 - 2  # the one above means "leave it" to the kernel


@record(frozen=True)
class Identity:
    """Who to become. ``groups`` are all, with ``gid``; ``name`` is the user's, or its number in digits."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    name: str


def find(user: str, group: str) -> Identity | None:
    """The identity of ``--user`` and ``--group``, each a name or a number, or empty.

    Without a group it is the user's own; without a user only the group changes. ``None`` where both are empty, or
    we are that user and group already and not root. Raises ``UsageError``: unknown, or not for us to become.
    """
    if not user and not group:
        return None
    account = _account(user)
    identity = _identity(account, _gid(group) if group else account.gid)
    if os.geteuid() == 0:
        return identity
    if (identity.uid, identity.gid) == (os.geteuid(), os.getegid()):
        return None
    asked = f"--user {user}" if user else f"--group {group}"
    raise UsageError(f"{asked}: only root can become another user or group; start as root, or leave it out")


def become(identity: Identity) -> None:
    """Make this process, for good, one of ``identity``. Raises ``OSError`` where any part of it did not work.

    On Linux a change of ids makes the kernel forget ``PR_SET_PDEATHSIG``: set that afterwards.
    """
    # The user last: it takes the right to change the groups.
    os.setgroups(identity.groups[: os.sysconf("SC_NGROUPS_MAX")])
    os.setgid(identity.gid)
    os.setuid(identity.uid)
    _check(identity)
    os.environ.update(HOME=_home(identity.uid), USER=identity.name, LOGNAME=identity.name)


def barred(identity: Identity) -> str:
    """Why this process, which is one of ``identity`` by now, can import nothing; empty where it can."""
    for path, whose in ((os.__file__, "this Python"), (__file__, "this Hendrix")):
        if not os.access(path, os.R_OK):
            return (
                f"--user {identity.name} may not read {path}, which is of {whose}; "
                "install it where all may read, such as below /srv, or give another user"
            )
    return ""


def own(path: str, identity: Identity) -> None:
    """Give a file or a unix socket to ``identity``; anything else at ``path``, such as /dev/null, stays as it is.

    A symbolic link is not followed: who may write to the directory could lead us to any file. Raises ``OSError``.
    """
    mode = os.lstat(path).st_mode
    if stat.S_ISREG(mode) or stat.S_ISSOCK(mode):
        os.chown(path, identity.uid, identity.gid, follow_symlinks=False)


# --- looking up -------------------------------------------------------------------------------------------


@record(frozen=True)
class _Account:
    uid: int
    gid: int | None
    name: str
    known: bool


def _account(user: str) -> _Account:
    try:
        # Names first, as chown does: POSIX lets a name be all digits.
        found = pwd.getpwnam(user) if user else pwd.getpwuid(os.geteuid())
    except (KeyError, ValueError):  # ValueError: it cannot be a name at all
        return _numbered(_number("--user", user) if user else os.geteuid())
    return _Account(found.pw_uid, found.pw_gid, found.pw_name, known=True)


def _numbered(uid: int) -> _Account:
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        return _Account(uid, None, str(uid), known=False)
    return _Account(uid, found.pw_gid, found.pw_name, known=True)


def _gid(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except (KeyError, ValueError):
        return _number("--group", group)


def _number(option: str, told: str) -> int:
    if not (told.isascii() and told.isdigit()):
        kind = option.removeprefix("--")
        raise UsageError(f"{option} {told!a}: this machine has no such {kind}; give the name or number of one it has")
    if int(told) > _LARGEST_ID:
        raise UsageError(f"{option} {told}: numbers end at {_LARGEST_ID}; give a smaller one, or a name")
    return int(told)


def _identity(account: _Account, gid: int | None) -> Identity:
    if gid is None:
        raise UsageError(f"--user {account.name}: no account has this number, so its group is unknown; add --group")
    groups = os.getgrouplist(account.name, gid) if account.known else [gid]
    return Identity(account.uid, gid, tuple(dict.fromkeys([gid, *groups])), account.name)


def _home(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_dir or "/"
    except KeyError:
        return "/"


# --- checking ---------------------------------------------------------------------------------------------


def _check(identity: Identity) -> None:
    if (os.getuid(), os.geteuid()) != (identity.uid, identity.uid):
        _refuse(f"the user did not become {identity.name}")
    if (os.getgid(), os.getegid()) != (identity.gid, identity.gid):
        _refuse(f"the group did not become {identity.gid}")
    if not {identity.gid, *identity.groups}.issuperset(os.getgroups()):
        _refuse("groups of the former user are left")
    if identity.uid != 0 and _can_return():
        _refuse("the way back to root is open")


def _can_return() -> bool:
    try:
        os.setuid(0)
    except OSError:
        return False
    return True


def _refuse(why: str) -> NoReturn:
    raise PermissionError(errno.EPERM, f"{why}; the server does not go on")
