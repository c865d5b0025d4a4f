"""Fleet tables in the states that tests begin with, and ways to read what they answer."""

from hendrix.supervisor.fleet import Fleet
from hendrix.supervisor.moves import (
    AnnounceReady,
    BeginReload,
    CloseDoors,
    EndReload,
    Promoted,
    ReloadAsked,
    Report,
    SpawnWorker,
    StartTemplate,
    TemplateLoaded,
    Terms,
    WorkerReady,
    WorkerSpawned,
)

PATIENCE = 30.0
CALM = Terms(PATIENCE)
"""Nobody is too slow and nobody too silent."""
STRICT = Terms(PATIENCE, start=60.0, silence=20.0)
KILLED = "killed by SIGKILL"


def deeds(actions):
    """What is done, without what is only said, and without the closed doors that every stop begins with."""
    return [action for action in actions if not isinstance(action, Report | CloseDoors)]


def said(actions):
    """The names of the reports."""
    return [action.name for action in actions if isinstance(action, Report)]


def facts(actions, name):
    """The facts of the report ``name``."""
    return next(action.facts for action in actions if isinstance(action, Report) and action.name == name)


def births(actions):
    """The workers that are asked for."""
    return [action.worker for action in actions if isinstance(action, SpawnWorker)]


def ends(actions):
    """What became of a reload."""
    return [action for action in actions if isinstance(action, EndReload)]


def pid_of(worker):
    return 1000 + worker


def started(count=1, now=0.0, terms=CALM):
    """A fleet whose template runs but has not loaded."""
    fleet = Fleet(count, terms)
    assert deeds(fleet.handle(ReloadAsked(), now)) == [BeginReload(1), StartTemplate(1)]
    return fleet


def loaded(count=1, now=0.0, terms=CALM):
    """A fleet whose workers 1..count were asked for and have pids."""
    fleet = started(count, now, terms)
    actions = deeds(fleet.handle(TemplateLoaded(1, 0.5), now))
    assert actions == [SpawnWorker(worker, 1) for worker in range(1, count + 1)]
    for worker in range(1, count + 1):
        assert deeds(fleet.handle(WorkerSpawned(worker, pid_of(worker)), now)) == []
    return fleet


def serving(count=1, now=0.0, terms=CALM):
    """A fleet with all workers ready."""
    fleet = loaded(count, now, terms)
    for worker in range(1, count + 1):
        actions = fleet.handle(WorkerReady(worker), now)
    assert deeds(actions) == [Promoted(1), AnnounceReady(), EndReload(1, ok=True, seconds=0.0)]
    return fleet


def come_up(fleet, worker, now):
    """The worker gets its pid and says that it is ready."""
    return fleet.handle(WorkerSpawned(worker, pid_of(worker)), now) + fleet.handle(WorkerReady(worker), now)


def reloading(count=1, now=100.0, terms=CALM):
    """A fleet that serves by generation 1 and loads generation 2."""
    fleet = serving(count, now, terms)
    assert deeds(fleet.handle(ReloadAsked(), now)) == [BeginReload(2), StartTemplate(2)]
    return fleet


def half_way(count=1, now=100.0, terms=CALM):
    """The same, and the workers of generation 2 (``count`` + 1 and so on) have pids."""
    fleet = reloading(count, now, terms)
    young = range(count + 1, 2 * count + 1)
    assert births(fleet.handle(TemplateLoaded(2), now)) == list(young)
    for worker in young:
        fleet.handle(WorkerSpawned(worker, pid_of(worker)), now)
    return fleet
