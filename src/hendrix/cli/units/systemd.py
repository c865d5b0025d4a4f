"""Units of systemd for a service: its process, and a socket where the port is the system's to give.

systemd.service(5), systemd.exec(5), systemd.socket(5), sd_notify(3).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable

from hendrix.cli.units.service import Service

#: The first systemd with ``Type=notify-reload``.
NOTIFY_RELOAD = 253
_NEWEST = 999
#: What no web application needs. MemoryDenyWriteExecute is left out: ctypes and JITs of libraries need it off.
_HARDENING = """\
NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0027
"""
#: What must stay a secret of the machine's other users.
_HOMES = ("/home/", "/root/")


def version() -> int:
    """That of this machine's systemd; a very new one where there is none."""
    try:
        said = subprocess.run(
            ["systemctl", "--version"], capture_output=True, text=True, timeout=5, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return _NEWEST
    found = re.match(r"systemd (\d+)", said)
    return int(found[1]) if found else _NEWEST


def unit(service: Service, marks: Iterable[str], systemd: int) -> str:
    """``NAME.service``, for a systemd of that version. ``marks`` are comment lines at its top."""
    return "".join((_comment(marks), _about(service), _process(service, systemd), _rights(service), _INSTALL))


def socket_unit(service: Service, marks: Iterable[str]) -> str:
    """``NAME.socket``: the ports below 1024."""
    listens = "".join(f"ListenStream={port}\n" for port in service.low_ports)
    return (
        f"{_comment(marks)}[Unit]\nDescription=Sockets of {service.name} (Hendrix)\n\n"
        f"[Socket]\n{listens}Backlog=4096\nNoDelay=true\n\n[Install]\nWantedBy=sockets.target\n"
    )


_INSTALL = "\n[Install]\nWantedBy=multi-user.target\n"


def _comment(marks: Iterable[str]) -> str:
    return "".join(f"# {mark}\n" for mark in marks)


def _about(service: Service) -> str:
    sockets = f"Requires={service.name}.socket\nAfter={service.name}.socket\n" if service.low_ports else ""
    return (
        f"[Unit]\nDescription={_escaped(service.project_path)}, served by Hendrix\n"
        f"Wants=network-online.target\nAfter=network-online.target\n{sockets}"
        "StartLimitIntervalSec=60\nStartLimitBurst=5\n\n"
    )


def _process(service: Service, systemd: int) -> str:
    kind = "notify-reload" if systemd >= NOTIFY_RELOAD else "notify"
    lines = [
        "[Service]",
        f"Type={kind}",
        # Before 253, a reload is a signal whose end nobody waits for.
        *(["ExecReload=/bin/kill -HUP $MAINPID"] if kind == "notify" else []),
        "NotifyAccess=main",
        f"User={service.user}",
        f"Group={service.group}",
        f"WorkingDirectory={_escaped(service.project_path)}",
        f"ExecStart={_command(service.words())}",
        "Environment=XDG_RUNTIME_DIR=%t/" + service.folder,
        "Environment=XDG_STATE_HOME=%S/" + service.folder,
        *([f"EnvironmentFile={service.environment_file}"] if service.variables else []),
        f"EnvironmentFile=-/etc/default/{service.name}",
        f"RuntimeDirectory={service.folder}",
        f"StateDirectory={service.folder}",
        "RuntimeDirectoryMode=0750",
        "StateDirectoryMode=0750",
        "WatchdogSec=30",
        "TimeoutStartSec=180",
        "TimeoutStopSec=60",
        "Restart=always",
        "RestartSec=2",
        # 1: the options are wrong, and will be at the next try.
        "RestartPreventExitStatus=1",
        "KillMode=mixed",
        # A worker that takes too much memory is replaced by its parent; the others go on.
        "OOMPolicy=continue",
        "LimitNOFILE=65536",
        *([f"MemoryMax={service.memory}"] if service.memory else []),
        f"SyslogIdentifier={service.name}",
    ]
    return "\n".join(lines) + "\n"


def _rights(service: Service) -> str:
    capabilities = "CAP_NET_BIND_SERVICE" if service.opens_low_ports else ""
    at_home = any(f"{path}/".startswith(_HOMES) for path in (service.project_path, service.virtualenv))
    paths = " ".join(_word(path) for path in (service.project_path, *service.writable))
    return (
        f"{_HARDENING}ProtectHome={'read-only' if at_home else 'yes'}\nReadWritePaths={paths}\n"
        f"CapabilityBoundingSet={capabilities}\nAmbientCapabilities={capabilities}\n"
    )


def _escaped(text: str) -> str:
    """Specifiers begin with a per cent sign (systemd.unit(5))."""
    return text.replace("%", "%%")


def _command(words: list[str]) -> str:
    """A dollar begins a variable, but for the program, where it is itself (systemd.service(5), "Command lines")."""
    program, *others = words
    return " ".join((_word(program), *(_word(word.replace("$", "$$")) for word in others)))


def _word(word: str) -> str:
    """A word of a command line (systemd.service(5), "Command lines")."""
    word = _escaped(word)
    if re.fullmatch(r"[A-Za-z0-9_./:=@%$+,^*~-]+", word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
