"""A script for ``/etc/init.d``, for machines without systemd (LSB 5.0, chapter 22, "System Initialization")."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from hendrix.cli.units.service import Service

_SCRIPT = """\
#!/bin/sh
{marks}### BEGIN INIT INFO
# Provides:          {name}
# Required-Start:    $remote_fs $network
# Required-Stop:     $remote_fs $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: {name}, served by Hendrix
### END INIT INFO

# Variables of the project may have any name, so there are none of this script's own.
set -a
{environment}[ -r /etc/default/{name} ] && . /etc/default/{name}
set +a

hx() {{
    cd {project} && exec env XDG_RUNTIME_DIR=/run/{folder} {hx} "$@"
}}

# Whoever died left a pid file; one that stands still is there.
absent() {{
    (hx status --quiet --pid /run/{folder}/hendrix.pid) 2>&1 | grep -q "no server is running"
}}

case "$1" in
start)
    # LSB: no error where it runs already.
    (hx status --quiet --pid /run/{folder}/hendrix.pid) >/dev/null 2>&1 && exit 0
    install -d -m 0750 -o {user} -g {group} /run/{folder} /var/log/{folder}
    (hx start --daemonize {words} --log /var/log/{folder}/hendrix.log --pid /run/{folder}/hendrix.pid \\
        --user {user} --group {group})
    ;;
stop)
    absent && exit 0
    (hx stop --pid /run/{folder}/hendrix.pid)
    ;;
restart)
    if absent; then
        "$0" start
    else
        (hx restart --pid /run/{folder}/hendrix.pid)
    fi
    ;;
reload|force-reload)
    (hx reload --pid /run/{folder}/hendrix.pid)
    ;;
status)
    # LSB: 3 where it does not run.
    (hx status --pid /run/{folder}/hendrix.pid) || exit 3
    ;;
*)
    echo "usage: $0 start|stop|restart|reload|force-reload|status" >&2
    exit 2
    ;;
esac
"""


def script(service: Service, marks: Iterable[str]) -> str:
    """``/etc/init.d/NAME``."""
    return _SCRIPT.format(
        marks="".join(f"# {mark}\n" for mark in marks),
        name=service.name,
        folder=service.folder,
        hx=shlex.quote(service.hx),
        project=shlex.quote(service.project_path),
        user=shlex.quote(service.user),
        group=shlex.quote(service.group),
        words=shlex.join(service.words()[2:]),
        environment=f". {service.environment_file}\n" if service.variables else "",
    )
