"""``hx service``: a project as a service of this machine, from its ``hendrix.conf`` or ``hendrix.toml``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from hendrix.cli.actions import Switches
from hendrix.cli.load import Sourced
from hendrix.cli.units import manager
from hendrix.cli.units.conf import default_file, read_conf
from hendrix.cli.units.placing import is_ours, place, refuse_strange, remove
from hendrix.cli.units.rehearsal import try_out
from hendrix.cli.units.service import Service, folder
from hendrix.cli.voice import Voice
from hendrix.core.errors import HendrixError, UsageError
from hendrix.supervisor import identity


def service(sourced: Sourced, switches: Switches) -> int:
    """Returns 0. Raises ``UsageError`` where the configuration is wrong and ``HendrixError`` where the machine is."""
    verb = next(verb for verb in ("install", "uninstall", "render", "status") if verb in switches)
    if len(switches.operands) > 1:
        raise UsageError(f"hx service {verb} takes one file or name, and {switches.operands[1]!r} is another")
    given = switches.operands[0] if switches.operands else ""
    voice = Voice(sourced.config)
    if verb == "uninstall":
        return _uninstall(given, voice, dry="dry-run" in switches)
    if verb == "status":
        return _status(given)
    found = read_conf(given or default_file())
    init = "init" in switches or not (manager.is_systemd() or verb == "render")
    if verb == "render":
        return _render(found, init=init)
    try_out(found, init=init)
    return _install(found, voice, init=init, dry="dry-run" in switches)


def _render(found: Service, *, init: bool) -> int:
    files = manager.files(found, init=init)
    for each in files:
        sys.stdout.write(f"# --- {each.path}\n{each.content}\n" if len(files) > 1 else each.content)
    return 0


def _install(found: Service, voice: Voice, *, init: bool, dry: bool) -> int:
    files = manager.files(found, init=init)
    # What the configuration has made before and does not any more: a socket would hold its port for ever.
    wanted = {each.path for each in files}
    stale = [path for path in manager.paths(found.name) if path not in wanted and is_ours(path)]
    if dry:
        for each in files:
            refuse_strange(each.path)
            voice.outcome(f"{'is there: ' if each.is_there else 'would write '}{each.path}")
        for path in stale:
            voice.outcome(f"would remove {path}")
        return 0
    changed = list(stale)
    for path in place(files):
        changed.append(path)
        voice.outcome(f"wrote {path}")
    manager.disable(found.name, stale, voice.progress)
    for path in remove(stale):
        voice.outcome(f"removed {path}")
    if not changed:
        voice.outcome(f"{found.name} is installed as it should be")
    manager.enable(found, init=init, changed=changed, tell=voice.progress)
    boot = "starts at boot" if manager.starts_at_boot(init=init) else "no update-rc.d is here to have it start at boot"
    voice.outcome(f"{found.name} runs, and {boot}; hx service status {found.name} shows it")
    return 0


def _uninstall(given: str, voice: Voice, *, dry: bool) -> int:
    name = _name(given)
    there = [path for path in manager.paths(name) if os.path.lexists(path)]
    if not there:
        raise HendrixError(f"there is no service {name} here")
    for path in there:
        refuse_strange(path)
    if dry:
        for path in there:
            voice.outcome(f"would remove {path}")
        return 0
    manager.disable(name, there, voice.progress)
    for path in remove(there):
        voice.outcome(f"removed {path}")
    manager.forget(voice.progress)
    return 0


def _status(given: str) -> int:
    """What ``hx status`` says in the directory where the service's files are, asked as the user who owns them."""
    from hendrix.cli import status  # noqa: F401, PLC0415 - while its file can still be read
    from hendrix.cli.main import main as hx  # noqa: PLC0415 - it imports this file

    name = _name(given)
    if not any(os.path.lexists(path) for path in manager.paths(name)):
        raise HendrixError(f"there is no service {name} here; hx service install FILE makes one")
    script = f"/run/{folder(name)}/hendrix.pid"
    if os.path.lexists(script):  # that of init.d has told it so
        return hx(["status", "--pid", script])
    pid = _pid_file(name)
    os.environ["XDG_RUNTIME_DIR"] = os.path.dirname(os.path.dirname(pid))
    if owner := _other_owner(os.path.dirname(pid)):
        identity.become(owner)
    return hx(["status", "--pid", pid])


def _pid_file(name: str) -> str:
    """Where systemd's service has it, as all servers have. Raises ``HendrixError``."""
    there = f"/run/{folder(name)}/hendrix"
    try:
        found = sorted(entry for entry in os.listdir(there) if entry.endswith(".pid"))
    except PermissionError:
        raise HendrixError(f"{there} is not yours to read; ask as root: sudo hx service status {name}") from None
    except OSError:
        found = []
    if not found:
        start = f"systemctl start {name}" if manager.is_systemd() else f"/etc/init.d/{name} start"
        raise HendrixError(f"{name} is not running; {start} starts it")
    return os.path.join(there, found[0])


def _other_owner(folder: str) -> identity.Identity | None:
    """Whoever else has ``folder``, where we are root: what lies there is that user's word, and root takes nobody's."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    if os.geteuid() or not found.st_uid:
        return None
    return identity.find(str(found.st_uid), str(found.st_gid))


def _name(given: str) -> str:
    """``shop``, or the file that it was made from."""
    if given and os.sep not in given and not os.path.isfile(given):
        return given
    return read_conf(given or default_file()).name


def main(argv: Sequence[str] | None = None) -> int:
    """``install-hendrix-service hendrix.conf``, the old project's program."""
    from hendrix.cli.main import main as hx  # noqa: PLC0415 - it imports this file

    return hx(["service", "install", *(sys.argv[1:] if argv is None else argv)])
