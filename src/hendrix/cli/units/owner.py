"""Whose process a service is: never root's, unless somebody says so."""

from __future__ import annotations

import grp
import os
import pwd

from hendrix.core.errors import UsageError


def owner_of(user: str, user_place: str, group: str, group_place: str, project_path: str) -> tuple[str, str]:
    """User and group by name: those that are given, else whoever the project belongs to. Raises ``UsageError``."""
    account = _account(user, user_place) if user else _owner(project_path)
    if group:
        try:
            grp.getgrnam(group)
        except KeyError:
            raise UsageError(f"{group_place}: there is no group {group!r}; make it with groupadd") from None
        return account.pw_name, group
    return account.pw_name, grp.getgrgid(account.pw_gid).gr_name


def _account(user: str, place: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        advice = f"make it with: useradd --system --user-group --shell /usr/sbin/nologin {user}"
        raise UsageError(f"{place}: there is no user {user!r}; {advice}") from None


def _owner(project_path: str) -> pwd.struct_passwd:
    uid = os.stat(project_path).st_uid
    if uid == 0:
        raise UsageError(
            f"{project_path} is root's, and a service should not run as root; give user: NAME (www-data, for one)"
        )
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise UsageError(f"{project_path} belongs to the user {uid}, who has no name here; give user: NAME") from None
