"""Descriptors, the clock, modes of secret files, the runtime directory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hendrix.cli.doctor.facts import Clock, Descriptors, OpenFile, Runtime
from hendrix.cli.doctor.finding import ERROR, INFO, WARNING, Finding
from hendrix.cli.doctor.situation import Situation

#: Descriptors that a site on the Internet wants; systemd's own default of the hard limit is far more.
_FEW = 4096
#: Others must not read a key, and the group must not write it.
TOO_MUCH = 0o027


def judge_descriptors(found: Descriptors, situation: Situation) -> Iterator[Finding]:
    """Each connection takes one."""
    asked = situation.config.limit_connections
    change = "LimitNOFILE=65536 in the unit, or ulimit -Hn 65536 before the start"
    if asked > found.room:
        yield Finding(
            "descriptors.limit",
            WARNING,
            f"limit_connections is {asked}, and a worker has descriptors for {found.room} (hard limit {found.hard})",
            "connections past that wait unaccepted, and time out",
            change,
        )
    elif found.hard < _FEW and situation.production:
        yield Finding(
            "descriptors.few",
            WARNING,
            f"a worker has descriptors for {found.room} connections (hard limit {found.hard})",
            "idle browsers and WebSockets take one each; those past that wait unaccepted",
            change,
        )


def judge_clock(found: Clock, situation: Situation) -> Iterator[Finding]:
    """Of a container it is that of its host."""
    if found.kept is False:
        matters = situation.production and (situation.config.secure or situation.config.task_workers)
        yield Finding(
            "clock.not-kept",
            WARNING if matters else INFO,
            "nothing keeps this machine's clock right (no NTP)",
            "a clock that drifts makes certificates, signed links, sessions and schedules fail",
            "run timedatectl set-ntp true, or apt install chrony",
        )


def judge_secrets(found: Sequence[OpenFile], situation: Situation) -> Iterator[Finding]:
    """Keys are the owner's, and perhaps a group's to read."""
    for each in found:
        if each.mode & TOO_MUCH:
            yield Finding(
                "key.mode",
                WARNING,
                f"{each.path} has the mode {each.mode:04o}: others than its owner may read or replace it",
                "who has the key can be your site",
                f"run chmod {each.mode & ~TOO_MUCH:04o} {each.path} (hx check --fix does)",
            )


def judge_runtime(found: Runtime, situation: Situation) -> Iterator[Finding]:
    """hx stop and the like find a server by what is there."""
    if found.fault:
        yield Finding(
            "runtime.unusable",
            ERROR if found.suspect else WARNING,
            f"the runtime directory {found.path} {found.fault}",
            "pid file and control socket belong there: "
            + ("the start is refused" if found.suspect else "hx stop, reload and status cannot find the server"),
            "name another one with XDG_RUNTIME_DIR, or give --pid FILE (hx check --fix makes what can be made)",
        )
