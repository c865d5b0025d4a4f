"""From a supervisor to its successor in the same process: the program is executed anew, all children stay.

What must be known is written to a file without a name; descriptors are inherited, and named in it by their numbers.
Its form is a contract between versions: fields may be added, and what is not known is ignored.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterable
from dataclasses import asdict, fields
from time import monotonic
from typing import Any, TypeVar

from hendrix.core.config import OPTIONS, from_plain, to_plain
from hendrix.core.record import record
from hendrix.supervisor.admin import Admin
from hendrix.supervisor.backoff import Backoff
from hendrix.supervisor.channel import Channel
from hendrix.supervisor.console import Asker, Client
from hendrix.supervisor.crew import Crew, Hear, Member
from hendrix.supervisor.entries import State, Template, TemplateState, Worker
from hendrix.supervisor.fleet import Fleet
from hendrix.supervisor.hands import Hands
from hendrix.supervisor.holdings import Holdings
from hendrix.supervisor.keeper import Keeper
from hendrix.supervisor.measures import Measures
from hendrix.supervisor.origin import HANDOVER, Origin
from hendrix.supervisor.plans import Plans
from hendrix.supervisor.sockets import Listener, SocketFile
from hendrix.supervisor.stacks import Stacks
from hendrix.supervisor.status import Chronicle
from hendrix.supervisor.turns import Turns

_Row = TypeVar("_Row", Worker, Template, Backoff, SocketFile)


def inherited() -> dict[str, Any] | None:
    """What a predecessor left to this process, or ``None``. It can be asked once."""
    number = os.environ.pop(HANDOVER, "")
    if not number:
        return None
    with os.fdopen(int(number), "rb") as file:
        file.seek(0)
        estate: dict[str, Any] = json.loads(file.read())
    for fd in _descriptors(estate):
        os.set_inheritable(fd, False)
    return estate


def execute(origin: Origin, estate: dict[str, Any]) -> None:
    """Become the successor. Returns only by ``OSError``; nothing has changed then."""
    fd = os.memfd_create("hendrix-handover", 0) if hasattr(os, "memfd_create") else _file()
    numbers = [fd, *_descriptors(estate)]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        os.write(fd, json.dumps(estate).encode())
        for number in numbers:
            os.set_inheritable(number, True)
        origin.come_home()
        # Signals stay blocked over the execution: the successor has handlers before it lets them through.
        os.execve(origin.words[0], list(origin.words), {**origin.environ, HANDOVER: str(fd)})  # noqa: S606
    finally:
        for number in numbers:
            os.set_inheritable(number, False)
        os.close(fd)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@record(frozen=True)
class Heritage:
    """The parts of a supervisor that its successor goes on with."""

    fleet: Fleet
    crew: Crew
    plans: Plans
    holdings: Holdings
    chronicle: Chronicle
    turns: Turns
    keeper: Keeper
    admin: Admin
    measures: Measures


def collect(heritage: Heritage, clients: Iterable[Asker]) -> dict[str, Any]:
    """All that the successor must know, as JSON can carry it. ``clients`` wait for the outcome."""
    holdings, crew, console = heritage.holdings, heritage.crew, heritage.holdings.console
    return {
        "fleet": fleet_rows(heritage.fleet),
        "options": to_plain(heritage.plans.current),
        "workers": [_member_row(number, member) for number, member in crew.workers.items()],
        "templates": [_member_row(number, member) for number, member in crew.templates.items()],
        "listeners": [_listener_row(listener) for listener in holdings.listeners],
        "lent": holdings.lending.rows(),
        "turns": {"holder": heritage.turns.holder, "waiting": sorted(heritage.turns.waiting)},
        "name": holdings.name,
        "pidfile": holdings.pidfile.path if holdings.pidfile else "",
        "console": {"path": console.path, "fds": [console.sock.fileno()]} if console else None,
        "relay": holdings.relay.row(),
        "admin": heritage.admin.rows(),
        "clients": [{"fds": [one.sock.fileno()]} for one in clients if isinstance(one, Client) and not one.closed],
        "started": heritage.chronicle.started,
        "crashes": heritage.chronicle.crashes,
        "reloads": [heritage.chronicle.reloads, heritage.chronicle.failed_reloads],
        "measures": heritage.measures.rows(),
        "credentials": heritage.keeper.bequeath(),
    }


def restore(estate: dict[str, Any], heritage: Heritage, hands: Hands) -> list[Asker]:
    """The reverse of ``collect``. Returns the clients."""
    fleet, crew, holdings = heritage.fleet, heritage.crew, heritage.holdings
    restore_fleet(fleet, estate["fleet"], monotonic())
    options = {name: value for name, value in estate["options"].items() if name in OPTIONS}
    heritage.plans.inherit(fleet.generation, from_plain(options))
    heritage.keeper.inherit(estate.get("credentials"), heritage.plans.current, monotonic())
    for row in estate["workers"]:
        crew.workers[row["number"]] = _member(row, hands.worker_hears(row["number"]), crew)
    for row in estate["templates"]:
        crew.templates[row["number"]] = _member(row, hands.template_hears(row["number"]), crew)
    holdings.listeners = [_listener(row) for row in estate["listeners"]]
    holdings.lending.adopt(estate.get("lent", []))
    turns = estate.get("turns", {})
    heritage.turns.holder, heritage.turns.waiting = turns.get("holder"), set(turns.get("waiting", []))
    heritage.chronicle.started, heritage.chronicle.crashes = estate["started"], estate["crashes"]
    heritage.chronicle.reloads, heritage.chronicle.failed_reloads = estate.get("reloads", [0, 0])
    heritage.measures.adopt(estate.get("measures"))
    console = holdings.adopt(estate["name"], estate["pidfile"], estate["console"])
    holdings.relay.adopt(estate.get("relay"), heritage.plans.current)
    heritage.admin.adopt(estate.get("admin", []), heritage.plans.current)
    sockets = [socket.socket(fileno=row["fds"][0]) for row in estate["clients"]]
    return [console.join(sock) for sock in sockets] if console else []


def fleet_rows(fleet: Fleet) -> dict[str, Any]:
    """The table, as JSON can carry it."""
    return {
        "count": fleet.count,
        "tasks": fleet.tasks,
        "generation": fleet.generation,
        "candidate": fleet.candidate,
        "last_generation": fleet.last_generation,
        "last_worker": fleet.last_worker,
        "workers": [asdict(worker) for worker in fleet.workers.values()],
        "templates": [asdict(template) for template in fleet.templates.values()],
    }


def restore_fleet(fleet: Fleet, rows: dict[str, Any], now: float) -> None:
    """The reverse of ``fleet_rows``, into a new table. Nobody could be heard since, which is not their fault."""
    fleet.count, fleet.generation = rows["count"], rows["generation"]
    fleet.tasks = rows.get("tasks", 0)
    fleet.last_generation, fleet.last_worker = rows["last_generation"], rows["last_worker"]
    fleet.candidate = rows.get("candidate")  # the next reload gives it up
    fleet.announced = fleet.generation > 0
    for row in rows["workers"]:
        worker = _row(Worker, {**row, "state": State(row["state"]), "heard": now})
        fleet.workers[worker.id] = worker
    for row in rows["templates"]:
        backoff = _row(Backoff, row["backoff"])
        template = _row(Template, {**row, "state": TemplateState(row["state"]), "backoff": backoff})
        fleet.templates[template.generation] = template


def _row(kind: type[_Row], row: dict[str, Any]) -> _Row:
    known = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in row.items() if name in known})


def _member_row(number: int, member: Member) -> dict[str, Any]:
    """One process and its channel."""
    fds = [member.channel.fileno(), member.stacks.fileno()]
    return {"number": number, "pid": member.pid, "killed": member.killed, "fds": fds}


def _member(row: dict[str, Any], hear: Hear, crew: Crew) -> Member:
    """The reverse of ``_member_row``."""
    channel, stacks = row["fds"]
    member = Member(Channel(socket.socket(fileno=channel)), hear, row["pid"], stacks=Stacks(stacks))
    member.killed = row["killed"]
    return crew.join(member)


def _listener_row(listener: Listener) -> dict[str, Any]:
    """One listening socket."""
    file = asdict(listener.file) if listener.file else None
    fds = [listener.socket.fileno()]
    told = {"address": listener.address, "asked": listener.asked, "secure": listener.secure}
    datagrams = [listener.datagrams.fileno()] if listener.datagrams else []
    return {**told, "fds": fds + datagrams, "file": file}


def _listener(row: dict[str, Any]) -> Listener:
    """The reverse of ``_listener_row``."""
    file = _row(SocketFile, row["file"]) if row["file"] else None
    sock, *datagrams = [socket.socket(fileno=fd) for fd in row["fds"]]
    beside = datagrams[0] if datagrams else None
    return Listener(row["address"], sock, file, row["asked"], row.get("secure", False), beside)


def _descriptors(estate: object) -> list[int]:
    """Every descriptor that is named anywhere in ``estate``."""
    if isinstance(estate, dict):
        found = [fd for name, item in estate.items() if name != "fds" for fd in _descriptors(item)]
        return found + list(estate.get("fds", []))
    if isinstance(estate, list):
        return [fd for item in estate for fd in _descriptors(item)]
    return []


def _file() -> int:
    import tempfile  # noqa: PLC0415 - only where there is no memfd

    fd, path = tempfile.mkstemp(prefix="hendrix-handover-")
    os.unlink(path)
    return fd
