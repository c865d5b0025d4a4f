"""The fleet table: pure, so every moment is an argument and no process is needed."""

from collections import Counter
from signal import SIGKILL

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hendrix.supervisor.entries import State
from hendrix.supervisor.fleet import Fleet, Phase
from hendrix.supervisor.moves import (
    Abandon,
    AnnounceReady,
    Configured,
    EndTemplate,
    Exit,
    KillTemplate,
    Report,
    Resized,
    Signal,
    SpawnWorker,
    StartTemplate,
    StopAsked,
    TellDrain,
    TemplateDied,
    TemplateFailed,
    TemplateLoaded,
    TemplateLost,
    Tick,
    WorkerAsksRetire,
    WorkerExited,
    WorkerLost,
    WorkerReady,
    WorkerSpawned,
)

PATIENCE = 30.0
KILLED = "killed by SIGKILL"


def deeds(actions):
    """What is done, without what is only said."""
    return [action for action in actions if not isinstance(action, Report)]


def said(actions):
    """The names of the reports."""
    return [action.name for action in actions if isinstance(action, Report)]


def facts(actions, name):
    """The facts of the report ``name``."""
    return next(action.facts for action in actions if isinstance(action, Report) and action.name == name)


def pid_of(worker):
    return 1000 + worker


def started(count=1, now=0.0):
    """A fleet whose template runs but has not loaded."""
    fleet = Fleet(count, PATIENCE)
    assert deeds(fleet.handle(Tick(), now)) == [StartTemplate()]
    return fleet


def loaded(count=1, now=0.0):
    """A fleet whose workers 1..count were asked for and have pids."""
    fleet = started(count, now)
    actions = deeds(fleet.handle(TemplateLoaded(0.5), now))
    assert actions == [SpawnWorker(worker) for worker in range(1, count + 1)]
    for worker in range(1, count + 1):
        assert deeds(fleet.handle(WorkerSpawned(worker, pid_of(worker)), now)) == []
    return fleet


def serving(count=1, now=0.0):
    """A fleet with all workers ready."""
    fleet = loaded(count, now)
    for worker in range(1, count + 1):
        fleet.handle(WorkerReady(worker), now)
    return fleet


def come_up(fleet, worker, now):
    """The worker gets its pid and says that it is ready."""
    return fleet.handle(WorkerSpawned(worker, pid_of(worker)), now) + fleet.handle(WorkerReady(worker), now)


def births(actions):
    return [action.worker for action in actions if isinstance(action, SpawnWorker)]


class TestStart:
    def test_template_then_workers_then_ready_once(self):
        fleet = loaded(2)
        assert deeds(fleet.handle(WorkerReady(1), 1.0)) == []
        assert deeds(fleet.handle(WorkerReady(2), 1.0)) == [AnnounceReady()]
        assert deeds(fleet.handle(Tick(), 2.0)) == []
        assert fleet.deadline() is None

    def test_ready_is_announced_only_once(self):
        fleet = serving(1)
        (replacement,) = births(fleet.handle(WorkerExited(1, KILLED), 20.0))
        assert deeds(come_up(fleet, replacement, 20.1)) == []

    def test_every_entry_has_its_generation_and_place(self):
        fleet = loaded(3)
        assert [worker.generation for worker in fleet.workers.values()] == [1, 1, 1]
        assert [worker.place for worker in fleet.workers.values()] == [0, 1, 2]

    def test_options_that_arrive_late_count(self):
        fleet = started(1)
        fleet.handle(Configured(workers=3, graceful_timeout=7.0), 0.0)
        assert births(fleet.handle(TemplateLoaded(), 0.1)) == [1, 2, 3]
        stop = fleet.handle(StopAsked(graceful=True), 1.0)
        assert TellDrain(1, 7.0) in stop

    def test_worker_counts_once_its_word_and_its_pid_are_there(self):
        fleet = started(1)
        fleet.handle(TemplateLoaded(), 0.0)
        assert fleet.handle(WorkerReady(1), 0.1) == []
        actions = fleet.handle(WorkerSpawned(1, 1234), 0.2)
        assert AnnounceReady() in actions
        assert facts(actions, "worker.ready") == {"worker": 1, "pid": 1234, "seconds": 0.2}

    def test_routine_is_quiet_at_the_start_and_news_later(self):
        fleet = loaded(1)
        first = come_up(fleet, 1, 0.5)
        fleet.handle(WorkerExited(1, KILLED), 20.0)
        second = come_up(fleet, 2, 20.1)
        levels = [a.level for a in first + second if isinstance(a, Report) and a.name == "worker.ready"]
        assert levels == [10, 20]


class TestStartThatFails:
    def test_project_that_does_not_load(self):
        fleet = started(2)
        assert deeds(fleet.handle(TemplateFailed("no module named x", "Traceback"), 1.0)) == []
        end = fleet.handle(TemplateDied("exit status 1"), 1.1)
        assert deeds(end) == [Exit(3, "no module named x", "Traceback")]

    def test_failed_template_that_stays_is_killed(self):
        fleet = started(1)
        fleet.handle(TemplateFailed("bad"), 1.0)
        assert fleet.deadline() == 2.0
        assert deeds(fleet.handle(Tick(), 2.0)) == [KillTemplate()]
        assert Exit(3, "bad") in fleet.handle(TemplateDied(KILLED), 2.1)

    def test_template_that_dies_while_loading(self):
        fleet = started(1)
        (end,) = deeds(fleet.handle(TemplateDied("killed by SIGSEGV"), 1.0))
        assert end.status == 3
        assert "killed by SIGSEGV" in end.summary

    def test_workers_that_never_come_up_end_the_start(self):
        fleet, now, worker = loaded(1), 0.0, 1
        for _ in range(4):
            fleet.handle(WorkerExited(worker, "exit status 1"), now)
            now = fleet.deadline() or now
            fleet.handle(Tick(), now)
            worker += 1
            assert worker in fleet.workers
            fleet.handle(WorkerSpawned(worker, pid_of(worker)), now)
        last = fleet.handle(WorkerExited(worker, "exit status 1"), now)
        assert deeds(last) == [EndTemplate()]
        (end,) = deeds(fleet.handle(TemplateDied("exit status 0"), now))
        assert end.status == 3
        assert "exit status 1" in end.summary
        assert now < 2.0

    def test_once_a_worker_was_ready_it_goes_on_trying(self):
        fleet, now, worker = serving(1), 0.0, 1
        for _ in range(20):
            fleet.handle(WorkerExited(worker, "exit status 1"), now)
            now = fleet.deadline() or now
            fleet.handle(Tick(), now)
            worker += 1
        assert fleet.phase is Phase.RUNNING
        assert worker in fleet.workers

    def test_stop_while_loading_is_a_clean_exit(self):
        fleet = started(1)
        assert deeds(fleet.handle(StopAsked(graceful=True), 0.5)) == [KillTemplate()]
        assert deeds(fleet.handle(TemplateFailed("too late"), 0.6)) == []
        assert deeds(fleet.handle(TemplateDied(KILLED), 0.6)) == [Exit(0)]


class TestDeath:
    def test_replaced_at_once_the_first_time(self):
        fleet = serving(2)
        actions = fleet.handle(WorkerExited(1, KILLED), 3.0)
        assert deeds(actions) == [SpawnWorker(3)]
        assert facts(actions, "worker.died") == {
            "worker": 1,
            "pid": 1001,
            "status": KILLED,
            "lived": 3.0,
            "again_in": 0.0,
        }
        assert fleet.workers[3].place == 0

    def test_every_worker_killed_at_one_moment_is_replaced_at_once(self):
        fleet = serving(8)
        spawned = [births(fleet.handle(WorkerExited(worker, KILLED), 3.0)) for worker in range(1, 9)]
        assert spawned == [[worker] for worker in range(9, 17)]

    def test_backs_off_when_the_successor_dies_soon(self):
        fleet = serving(1)
        fleet.handle(WorkerExited(1, KILLED), 20.0)
        actions = fleet.handle(WorkerExited(2, KILLED), 20.5)
        assert deeds(actions) == []
        assert facts(actions, "worker.died")["again_in"] == pytest.approx(0.1)
        assert fleet.deadline() == pytest.approx(20.6)
        assert births(fleet.handle(Tick(), 20.55)) == []
        assert births(fleet.handle(Tick(), 20.6)) == [3]

    def test_back_off_is_reset_by_ten_seconds_of_life(self):
        fleet = serving(1)
        fleet.handle(WorkerExited(1, KILLED), 1.0)
        fleet.handle(WorkerExited(2, KILLED), 1.5)
        fleet.handle(Tick(), 1.6)
        assert births(fleet.handle(WorkerExited(3, KILLED), 12.0)) == [4]

    def test_one_place_does_not_slow_another(self):
        fleet = serving(2)
        fleet.handle(WorkerExited(1, KILLED), 1.0)
        fleet.handle(WorkerExited(3, KILLED), 1.1)
        assert births(fleet.handle(WorkerExited(2, KILLED), 1.1)) == [4]

    def test_exit_during_start_counts(self):
        fleet = loaded(1)
        assert births(fleet.handle(WorkerExited(1, "exit status 1"), 0.1)) == [2]
        assert births(fleet.handle(WorkerExited(2, "exit status 1"), 0.2)) == []

    def test_exit_zero_without_being_told_is_a_death_too(self):
        fleet = serving(1)
        actions = fleet.handle(WorkerExited(1, "exit status 0"), 5.0)
        assert "worker.died" in said(actions)
        assert births(actions) == [2]

    def test_late_words_of_the_dead_mean_nothing(self):
        fleet = serving(1)
        fleet.handle(WorkerExited(1, KILLED), 5.0)
        for late in (
            WorkerReady(1),
            WorkerAsksRetire(1, "x"),
            WorkerExited(1, KILLED),
            WorkerSpawned(1, 9),
            WorkerLost(1),
        ):
            assert fleet.handle(late, 5.1) == []


class TestLostChannel:
    def test_process_that_lives_on_is_killed_and_replaced(self):
        fleet = serving(1)
        assert fleet.handle(WorkerLost(1), 5.0) == []
        assert fleet.deadline() == 6.0
        assert deeds(fleet.handle(Tick(), 6.0)) == [Signal(1, SIGKILL)]
        assert births(fleet.handle(WorkerExited(1, KILLED), 6.1)) == [2]

    def test_death_that_follows_is_an_ordinary_one(self):
        fleet = serving(1)
        fleet.handle(WorkerLost(1), 5.0)
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 5.001)) == [SpawnWorker(2)]

    def test_worker_that_was_never_born_is_abandoned(self):
        fleet = started(1)
        fleet.handle(TemplateLoaded(), 0.0)
        fleet.handle(WorkerLost(1), 1.0)
        assert deeds(fleet.handle(Tick(), 2.0)) == [Abandon(1), SpawnWorker(2)]

    def test_draining_worker_keeps_its_deadline(self):
        fleet = serving(1)
        fleet.handle(StopAsked(graceful=True), 5.0)
        fleet.handle(WorkerLost(1), 6.0)
        assert fleet.workers[1].deadline == 36.0

    def test_process_that_survives_sigkill_is_left_alone(self):
        fleet = serving(1)
        fleet.handle(WorkerLost(1), 5.0)
        fleet.handle(Tick(), 6.0)
        actions = fleet.handle(Tick(), 11.0)
        assert births(actions) == [2]
        assert "left alone" in facts(actions, "worker.died")["status"]


class TestRetire:
    def test_successor_first_then_drain(self):
        fleet = serving(2)
        asked = fleet.handle(WorkerAsksRetire(1, "1000 requests"), 50.0)
        assert deeds(asked) == [SpawnWorker(3)]
        assert fleet.workers[1].state is State.RETIRING
        fleet.handle(WorkerSpawned(3, 1003), 50.0)
        actions = fleet.handle(WorkerReady(3), 51.0)
        assert deeds(actions) == [TellDrain(1, PATIENCE)]
        assert facts(actions, "worker.replaced") == {
            "worker": 1,
            "pid": 1001,
            "by": 3,
            "by_pid": 1003,
            "reason": "1000 requests",
        }
        assert deeds(fleet.handle(WorkerExited(1, "exit status 0"), 52.0)) == []
        assert fleet.deadline() is None

    def test_asking_twice_changes_nothing(self):
        fleet = serving(1)
        fleet.handle(WorkerAsksRetire(1, "age"), 50.0)
        assert fleet.handle(WorkerAsksRetire(1, "age"), 50.0) == []

    def test_serves_on_while_successors_die(self):
        fleet = serving(1)
        fleet.handle(WorkerAsksRetire(1, "age"), 50.0)
        fleet.handle(WorkerExited(2, "exit status 1"), 50.1)
        assert fleet.workers[1].state is State.RETIRING
        fleet.handle(WorkerExited(3, "exit status 1"), 50.2)
        assert births(fleet.handle(Tick(), 50.31)) == [4]
        assert deeds(come_up(fleet, 4, 51.0)) == [TellDrain(1, PATIENCE)]

    def test_may_die_before_the_successor_is_ready(self):
        fleet = serving(1)
        fleet.handle(WorkerAsksRetire(1, "age"), 50.0)
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 50.1)) == []
        assert list(fleet.workers) == [2]

    def test_outliving_the_deadline_is_killed(self):
        fleet = serving(1)
        fleet.handle(WorkerAsksRetire(1, "age"), 50.0)
        come_up(fleet, 2, 51.0)
        assert fleet.deadline() == 51.0 + PATIENCE + 1.0
        assert deeds(fleet.handle(Tick(), 81.9)) == []
        assert deeds(fleet.handle(Tick(), 82.0)) == [Signal(1, SIGKILL)]
        exited = fleet.handle(WorkerExited(1, KILLED), 82.1)
        assert said(exited) == ["worker.exited"]
        assert deeds(exited) == []


class TestGenerations:
    def test_older_worker_is_replaced_like_a_retiring_one(self):
        fleet = serving(2)
        fleet.generation = 2
        assert births(fleet.handle(Tick(), 10.0)) == [3, 4]
        assert deeds(come_up(fleet, 3, 11.0)) == [TellDrain(1, PATIENCE)]
        assert deeds(come_up(fleet, 4, 11.0)) == [TellDrain(2, PATIENCE)]


class TestTemplateLater:
    def test_death_starts_another_and_workers_serve_on(self):
        fleet = serving(2)
        actions = fleet.handle(TemplateDied(KILLED), 5.0)
        assert deeds(actions) == [StartTemplate()]
        assert said(actions) == ["template.died"]
        assert deeds(fleet.handle(TemplateLoaded(), 6.0)) == []
        assert births(fleet.handle(WorkerExited(1, KILLED), 7.0)) == [3]

    def test_dead_worker_waits_for_the_new_template(self):
        fleet = serving(1)
        fleet.handle(TemplateDied(KILLED), 5.0)
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 5.1)) == []
        assert births(fleet.handle(TemplateLoaded(), 6.0)) == [2]

    def test_failing_again_and_again_backs_off_and_never_exits(self):
        fleet, now, waits = serving(1), 5.0, []
        fleet.handle(TemplateDied(KILLED), now)
        for _ in range(8):
            failed = fleet.handle(TemplateFailed("broken deploy", "Traceback"), now)
            assert "template.failed" in said(failed)
            fleet.handle(TemplateDied("exit status 1"), now)
            waits.append(fleet.deadline() - now)
            now = fleet.deadline()
            assert deeds(fleet.handle(Tick(), now)) == [StartTemplate()]
        assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])
        assert fleet.workers[1].state is State.READY

    def test_deaf_template_is_killed_and_started_anew(self):
        fleet = serving(1)
        assert deeds(fleet.handle(TemplateLost(), 5.0)) == []
        assert deeds(fleet.handle(Tick(), 6.0)) == [KillTemplate()]
        assert deeds(fleet.handle(TemplateDied(KILLED), 6.1)) == [StartTemplate()]

    def test_template_that_survives_sigkill_is_left_alone(self):
        fleet = serving(1)
        fleet.handle(TemplateLost(), 5.0)
        fleet.handle(Tick(), 6.0)
        assert deeds(fleet.handle(Tick(), 11.0)) == [StartTemplate()]

    def test_workers_it_did_not_name_are_abandoned_and_asked_for_again(self):
        fleet = serving(1)
        fleet.handle(WorkerExited(1, KILLED), 5.0)
        assert deeds(fleet.handle(TemplateDied(KILLED), 5.1)) == [Abandon(2), StartTemplate()]
        assert births(fleet.handle(TemplateLoaded(), 6.0)) == [3]


class TestResize:
    def test_one_more(self):
        fleet = serving(1)
        assert births(fleet.handle(Resized(2), 5.0)) == [2]

    def test_one_less_drains_the_last_place(self):
        fleet = serving(3)
        assert deeds(fleet.handle(Resized(2), 5.0)) == [TellDrain(3, PATIENCE)]
        assert deeds(fleet.handle(WorkerExited(3, "exit status 0"), 6.0)) == []
        assert len(fleet.workers) == 2

    def test_back_again_while_it_drains(self):
        fleet = serving(2)
        fleet.handle(Resized(1), 5.0)
        assert births(fleet.handle(Resized(2), 5.1)) == [3]

    def test_less_while_starting(self):
        fleet = loaded(2)
        assert deeds(fleet.handle(Resized(1), 0.1)) == [TellDrain(2, PATIENCE)]
        assert deeds(fleet.handle(WorkerReady(2), 0.2)) == []
        assert AnnounceReady() in fleet.handle(WorkerReady(1), 0.3)

    def test_same_size_says_nothing(self):
        assert serving(2).handle(Resized(2), 5.0) == []


class TestStop:
    def test_graceful_drains_all_then_exits_zero(self):
        fleet = serving(2)
        actions = deeds(fleet.handle(StopAsked(graceful=True), 5.0))
        assert actions == [TellDrain(1, PATIENCE), TellDrain(2, PATIENCE), EndTemplate()]
        assert deeds(fleet.handle(WorkerExited(1, "exit status 0"), 5.5)) == []
        assert deeds(fleet.handle(TemplateDied("exit status 0"), 5.5)) == []
        assert deeds(fleet.handle(WorkerExited(2, "exit status 0"), 7.0)) == [Exit(0)]
        assert fleet.handle(Tick(), 99.0) == []

    def test_graceful_kills_at_the_deadline(self):
        fleet = serving(1)
        fleet.handle(StopAsked(graceful=True), 5.0)
        fleet.handle(TemplateDied("exit status 0"), 5.1)
        assert fleet.deadline() == 5.0 + PATIENCE + 1.0
        assert deeds(fleet.handle(Tick(), 36.0)) == [Signal(1, SIGKILL)]
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 36.1)) == [Exit(0)]

    def test_graceful_does_not_prolong_a_drain_under_way(self):
        fleet = serving(1)
        fleet.handle(WorkerAsksRetire(1, "age"), 50.0)
        come_up(fleet, 2, 51.0)
        actions = fleet.handle(StopAsked(graceful=True), 60.0)
        assert TellDrain(1, PATIENCE) not in actions
        assert fleet.workers[1].deadline == 82.0

    def test_fast_gives_one_second(self):
        fleet = serving(1)
        actions = deeds(fleet.handle(StopAsked(graceful=False), 5.0))
        assert actions == [TellDrain(1, 0.0), EndTemplate()]
        assert fleet.deadline() == 6.0
        assert deeds(fleet.handle(Tick(), 6.0)) == [Signal(1, SIGKILL), KillTemplate()]

    @pytest.mark.parametrize("graceful", [True, False])
    def test_second_request_of_a_graceful_stop_is_fast(self, graceful):
        fleet = serving(1)
        fleet.handle(StopAsked(graceful=True), 5.0)
        assert deeds(fleet.handle(StopAsked(graceful=graceful), 5.5)) == [TellDrain(1, 0.0)]
        assert fleet.workers[1].deadline == 6.5

    def test_second_request_of_a_fast_stop_kills_at_once(self):
        fleet = serving(1)
        fleet.handle(StopAsked(graceful=False), 5.0)
        actions = deeds(fleet.handle(StopAsked(graceful=False), 5.1))
        assert actions == [Signal(1, SIGKILL), KillTemplate()]
        assert deeds(fleet.handle(StopAsked(graceful=False), 5.2)) == []

    def test_nothing_is_started_any_more(self):
        fleet = serving(2)
        fleet.handle(StopAsked(graceful=True), 5.0)
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 5.1)) == []
        assert deeds(fleet.handle(TemplateDied(KILLED), 5.1)) == []
        assert deeds(fleet.handle(Resized(5), 5.2)) == []

    def test_worker_that_is_starting_is_told_too(self):
        fleet = started(1)
        fleet.handle(TemplateLoaded(), 0.0)
        assert TellDrain(1, PATIENCE) in fleet.handle(StopAsked(graceful=True), 0.1)
        fleet.handle(WorkerSpawned(1, 1001), 0.2)
        fleet.handle(TemplateDied("exit status 0"), 0.3)
        assert deeds(fleet.handle(WorkerExited(1, "exit status 0"), 0.4)) == [Exit(0)]

    def test_worker_that_never_came_is_not_waited_for(self):
        fleet = started(1)
        fleet.handle(TemplateLoaded(), 0.0)
        fleet.handle(StopAsked(graceful=True), 0.1)
        assert deeds(fleet.handle(TemplateDied("exit status 0"), 0.3)) == [Abandon(1), Exit(0)]

    def test_process_that_survives_sigkill_does_not_hold_the_exit(self):
        fleet = serving(1)
        fleet.handle(StopAsked(graceful=False), 5.0)
        fleet.handle(Tick(), 6.0)
        assert Exit(0) in fleet.handle(Tick(), 11.0)

    def test_lost_and_killed_worker_is_told_when_the_stop_comes(self):
        fleet = serving(1)
        fleet.handle(WorkerLost(1), 4.0)
        fleet.handle(Tick(), 5.0)
        fleet.handle(StopAsked(graceful=True), 5.1)
        fleet.handle(TemplateDied("exit status 0"), 5.2)
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 5.3)) == [Exit(0)]


class World:
    """Processes as the fleet asks for them, behaving as ``choose`` wills; checks the table at every step."""

    def __init__(self, count):
        self.count = count
        self.fleet = Fleet(count, PATIENCE)
        self.now = 0.0
        self.template = False
        self.alive = {}
        self.exits = []
        self.announced = 0
        self.tell(Tick())

    def tell(self, event):
        for action in self.fleet.handle(event, self.now):
            self.do(action)
        self.check()

    def do(self, action):
        match action:
            case StartTemplate():
                assert not self.template, "a second template"
                self.template = True
            case SpawnWorker(worker):
                assert worker not in self.alive
                self.alive[worker] = "starting"
            case TellDrain(worker, _):
                self.alive[worker] = "draining"
            case Abandon(worker):
                del self.alive[worker]
            case AnnounceReady():
                self.announced += 1
            case Exit():
                self.exits.append(action)

    def check(self):
        states = Counter(worker.state for worker in self.fleet.workers.values())
        assert states[State.STARTING] + states[State.READY] <= max(self.count, 0), "more than needed"
        assert self.announced <= 1
        assert len(self.exits) <= 1
        if self.exits:
            assert not self.fleet.workers

    def workers(self, *states):
        return [worker for worker, state in self.alive.items() if state in states]

    def exit(self, worker):
        self.alive.pop(worker)
        self.tell(WorkerExited(worker, KILLED))

    def come_up(self):
        """Everything behaves: the template loads, workers become ready, told ones leave."""
        for _ in range(60):
            if self.exits:
                return
            deadline = self.fleet.deadline()
            self.now = max(self.now, deadline) if deadline is not None else self.now + 1.0
            self.tell(Tick())
            if self.template:
                self.tell(TemplateLoaded())
            for worker in self.workers("starting"):
                self.ready(worker)
            for worker in self.workers("draining"):
                self.exit(worker)

    def ready(self, worker):
        self.alive[worker] = "ready"
        self.tell(WorkerSpawned(worker, pid_of(worker)))
        self.tell(WorkerReady(worker))

    def kill_template(self):
        self.template = False
        self.tell(TemplateDied(KILLED))


def torment(world, data):
    """A random thing happens."""
    kind = data.draw(st.sampled_from(["tick", "ready", "die", "retire", "lost", "template", "load", "resize"]))
    someone = world.workers("starting", "ready", "draining")
    chosen = data.draw(st.sampled_from(someone)) if someone else None
    world.now += data.draw(st.sampled_from([0.0, 0.05, 0.5, 1.0, 12.0, 40.0]))
    if kind == "load" and world.template:
        world.tell(TemplateLoaded())
    elif kind == "template" and world.template:
        world.kill_template()
    elif kind == "resize":
        world.count = max(world.count, size := data.draw(st.integers(1, 6)))
        world.tell(Resized(size))
        world.size = size
    elif chosen is None or kind in ("tick", "load", "template"):
        world.tell(Tick())
    elif kind == "ready" and world.alive[chosen] == "starting":
        world.ready(chosen)
    elif kind == "retire":
        world.tell(WorkerAsksRetire(chosen, "chance"))
    elif kind == "lost":
        world.tell(WorkerLost(chosen))
    elif kind == "die":
        world.exit(chosen)


class TestChance:
    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 5), st.data())
    def test_always_comes_back_to_full_strength(self, count, data):
        world = World(count)
        world.size = count
        world.come_up()
        assert world.announced == 1
        for _ in range(data.draw(st.integers(0, 40))):
            torment(world, data)
        world.come_up()
        states = Counter(worker.state for worker in world.fleet.workers.values())
        assert states == {State.READY: world.size}
        assert not world.exits

    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 5), st.booleans(), st.booleans(), st.data())
    def test_stop_always_ends(self, count, graceful, obedient, data):
        world = World(count)
        for _ in range(data.draw(st.integers(0, 30))):
            if not world.exits:
                torment(world, data)
        world.tell(StopAsked(graceful))
        if obedient:
            for worker in list(world.alive):
                world.exit(worker)
            if world.template:
                world.kill_template()
        for _ in range(20):  # the disobedient are killed, and at last left alone
            deadline = world.fleet.deadline()
            if deadline is None:
                break
            world.now = max(world.now, deadline)
            world.tell(Tick())
        assert len(world.exits) == 1
