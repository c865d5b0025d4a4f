"""Would it start? Asked of the service's own ``hx``, as its user, before anything of the machine is touched."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from hendrix.cli.units.service import Service
from hendrix.core.errors import HendrixError

#: Of what ``hx check`` finds: with it there is no start.
_FATAL = "certificate.refused"


def try_out(service: Service, *, init: bool) -> None:
    """Raises ``HendrixError`` with the reason. Who is not root cannot become the user, nor install anything."""
    if os.geteuid():
        return
    # The parent process of a script is root, and reads keys; systemd's is the user.
    as_root = ["--user", service.user, "--group", service.group]
    who: dict[str, Any] = {} if init else {"user": service.user, "group": service.group, "extra_groups": []}
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HX_", "DJANGO_"))}
    try:
        done = subprocess.run(
            [service.hx, "check", "--json", *service.words()[2:], *(as_root if init else [])],
            cwd=service.project_path,
            env={**environ, **service.variables},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            **who,
        )
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise HendrixError(f"{service.hx} cannot be executed as {service.user}: {reason}") from None
    if reason := _reason(done):
        raise HendrixError(f"{service.name} would not start, and nothing was touched: {reason}")


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    try:
        said = json.loads(done.stdout)
    except ValueError:  # an option that is wrong by itself
        last = done.stderr.strip().splitlines()[-1:] or [f"hx check ended with {done.returncode}"]
        return last[0].removeprefix("hx: ")
    fatal = [f"{each['what']}; {each['change']}" for each in said["findings"] if each["id"] == _FATAL]
    return str(said["problem"]) or next(iter(fatal), "")
