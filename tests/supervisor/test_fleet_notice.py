"""A stop that is announced before it begins, so that balancers send nobody any more."""

from hendrix.supervisor.fleet import Phase
from hendrix.supervisor.moves import (
    CloseDoors,
    Exit,
    ReloadAsked,
    SpawnWorker,
    StopAsked,
    TellDrain,
    TellLeave,
    TemplateDied,
    Terms,
    Tick,
    WorkerExited,
    WorkerReady,
    WorkerSpawned,
)
from tests.supervisor.fleets import KILLED, PATIENCE, births, deeds, loaded, pid_of, serving

NOTICE = Terms(PATIENCE, notice=5.0)


def test_first_the_word_then_the_drain():
    fleet = serving(2, terms=NOTICE)
    assert deeds(fleet.handle(StopAsked(graceful=True), 10.0)) == [TellLeave(1), TellLeave(2)]
    assert fleet.ending
    assert fleet.phase is Phase.RUNNING
    assert fleet.deadline() == 15.0
    assert deeds(fleet.handle(Tick(), 14.9)) == []
    actions = fleet.handle(Tick(), 15.0)
    assert (
        actions.index(CloseDoors())
        < actions.index(TellDrain(1, PATIENCE, last=True))
        < actions.index(TellDrain(2, PATIENCE, last=True))
    )
    for worker in (1, 2):
        fleet.handle(WorkerExited(worker, "exit status 0"), 15.5)
    assert deeds(fleet.handle(TemplateDied(1, "exit status 0"), 15.5)) == [Exit(0)]


def test_a_worker_that_dies_meanwhile_is_replaced_and_its_successor_told():
    fleet = serving(1, terms=NOTICE)
    fleet.handle(StopAsked(graceful=True), 10.0)
    died = fleet.handle(WorkerExited(1, KILLED), 11.0)
    spawned = births(died) or births(fleet.handle(Tick(), fleet.deadline()))
    assert spawned == [2]
    fleet.handle(WorkerSpawned(2, pid_of(2)), 12.0)
    assert TellLeave(2) in fleet.handle(WorkerReady(2), 12.5)
    assert TellDrain(2, PATIENCE, last=True) in fleet.handle(Tick(), 15.0)


def test_no_reload_begins():
    fleet = serving(1, terms=NOTICE)
    fleet.handle(StopAsked(graceful=True), 10.0)
    assert fleet.handle(ReloadAsked(), 11.0) == []


def test_asked_again_it_begins_at_once():
    fleet = serving(1, terms=NOTICE)
    fleet.handle(StopAsked(graceful=True), 10.0)
    assert TellDrain(1, PATIENCE, last=True) in fleet.handle(StopAsked(graceful=True), 11.0)
    assert fleet.phase is Phase.GRACEFUL


def test_a_fast_stop_is_not_announced():
    assert TellDrain(1, 0.0, last=True) in serving(1, terms=NOTICE).handle(StopAsked(graceful=False), 10.0)
    fleet = serving(1, terms=NOTICE)
    fleet.handle(StopAsked(graceful=True), 10.0)
    assert TellDrain(1, 0.0, last=True) in fleet.handle(StopAsked(graceful=False), 11.0)
    assert fleet.phase is Phase.FAST


def test_nor_is_one_of_a_server_that_does_not_serve_yet():
    fleet = loaded(1, terms=NOTICE)
    actions = fleet.handle(StopAsked(graceful=True), 10.0)
    assert TellDrain(1, PATIENCE, last=True) in actions
    assert not [action for action in actions if isinstance(action, SpawnWorker | TellLeave)]


def test_without_the_option_it_begins_at_once():
    assert TellDrain(1, PATIENCE, last=True) in serving(1).handle(StopAsked(graceful=True), 10.0)
