"""``hx start``: from the loaded options to a running supervisor."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace

from hendrix.cli import daemon, development
from hendrix.cli.actions import Switches
from hendrix.cli.load import Sourced
from hendrix.cli.options import ProjectOptions
from hendrix.cli.passwords import ask
from hendrix.core.config import Config
from hendrix.observe import log
from hendrix.observe.ready import listens_at
from hendrix.supervisor import main as supervisor
from hendrix.supervisor import notify
from hendrix.supervisor.origin import HANDOVER, REHEARSAL, REHEARSED, Origin
from hendrix.supervisor.process import Work
from hendrix.supervisor.rooms import Rooms
from hendrix.tls.vault import Vault


def start(sourced: Sourced, switches: Switches) -> int:
    """Serve the project in the current directory until told to stop; returns the exit status."""
    options = ProjectOptions(sourced, Origin.now())
    config = options.known()
    if REHEARSAL in os.environ:
        log.configure(config)
        return REHEARSED
    if HANDOVER in os.environ:
        passwords: tuple[str, ...] = ()  # it has them, and perhaps no terminal
    else:
        if config.https:
            log.configure(config)
            development.prepare(config, options.origin.environ)
        passwords = ask(config)
    if not config.daemonize:
        rooms = Rooms(template, log.reopen, passwords=passwords, relay=relay, renewer=renewer, admin=admin)
        return _serve(options, config, rooms)
    if HANDOVER in os.environ:  # a daemon that was executed anew is one
        daemon.talk_to(config.log)
        return _serve(options, config, _rooms_of_daemon(config.log))
    return daemon.launch(config, lambda caller: _serve_caller(sourced, options.origin, caller, passwords))


def _serve(options: ProjectOptions, config: Config, rooms: Rooms) -> int:
    log.configure(config)
    notify.strip(os.environ)
    return supervisor.run(options, rooms, options.origin)


# --- in a daemon ------------------------------------------------------------------------------------------


def _serve_caller(sourced: Sourced, origin: Origin, caller: daemon.Caller, passwords: tuple[str, ...]) -> int:
    """In the new process, whose caller waits for the workers. It was started as the caller was, who has gone to
    another directory since and has set variables."""
    told = {name: os.environ[name] for name in ("LISTEN_PID",) if name in os.environ}
    options = ProjectOptions(sourced, replace(origin, environ={**origin.environ, **told}))
    config = options.known()

    def announce(urls: str) -> None:
        caller.ready("" if config.quiet or config.verbosity == 0 else _ready_line(urls, options.latest.config))

    def work(channel: socket.socket, config: Config, stacks: int) -> None:
        caller.close()
        template(channel, config, stacks)

    def renew(config: Config) -> Work:
        caller.close()
        return renewer(config)

    def tell(channel: socket.socket, listening: Sequence[socket.socket], config: Config, token: str) -> None:
        caller.close()
        admin(channel, listening, config, token)

    rooms = replace(_rooms_of_daemon(config.log), announce=announce, passwords=passwords)
    rooms = replace(rooms, template=work, renewer=renew, admin=tell)
    return _serve(options, config, rooms)


def _rooms_of_daemon(path: str) -> Rooms:
    def reopen() -> None:
        log.reopen()
        daemon.talk_to(path)

    return Rooms(template, reopen, relay=relay, renewer=renewer, admin=admin)


def _ready_line(urls: str, config: Config) -> str:
    facts = {"urls": urls, "workers": config.workers, "settings": config.settings, "pid": os.getpid()}
    return f"{listens_at(facts)}; log: {config.log}"


def template(channel: socket.socket, config: Config, stacks: int) -> None:
    """The life of a template process. Only here, never in the supervisor, are Django and Twisted imported."""
    from hendrix.worker.template import serve  # noqa: PLC0415

    import_from(config.pythonpath)
    serve(channel, config, stacks)


def relay(listening: socket.socket, memory: int, config: Config, until: socket.socket) -> None:
    """The life of the relay."""
    from hendrix.hub.history import Keep  # noqa: PLC0415 - the supervisor needs none of it
    from hendrix.hub.relay import Site, serve  # noqa: PLC0415

    log.be("relay")
    site = Site(config.hub, config.subject, config.hub_memory // 4) if config.hub else None
    serve(listening, memory, Keep(config.hub_history, config.hub_history_time), until, site)


def renewer(config: Config) -> Work:
    """The life of the process that renews certificates; this part of it has the rights of the supervisor."""
    from hendrix.tls.renewer import Renewer  # noqa: PLC0415 - few sites have one
    from hendrix.tls.terms import terms  # noqa: PLC0415

    found = terms(config)

    def work(channel: socket.socket) -> None:
        log.be("renewer")
        Renewer(channel, Vault(config.vault), config.domains, found, log.reopen).run()

    return work


def admin(channel: socket.socket, listening: Sequence[socket.socket], config: Config, token: str) -> None:
    """The life of the process that tells of the server."""
    from hendrix.observe.admin.main import run  # noqa: PLC0415 - few sites have one

    log.be("admin")
    run(channel, listening, token)


def import_from(pythonpath: str) -> None:
    """Put these directories before all others that modules are imported from."""
    paths = pythonpath.split(os.pathsep)
    sys.path[:] = [*paths, *(path for path in sys.path if path not in paths)]
