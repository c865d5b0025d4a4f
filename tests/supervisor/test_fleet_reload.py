"""The next generation, by the table alone: it takes over when all of it is ready, or nothing has happened."""

from signal import SIGKILL

import pytest

from hendrix.supervisor.entries import State
from hendrix.supervisor.fleet import CLOSE_AFTER, LINGER, Fleet
from hendrix.supervisor.moves import (
    AnnounceReady,
    AskStacks,
    AskTemplateStacks,
    BeginReload,
    Configured,
    EndReload,
    EndTemplate,
    Exit,
    KillTemplate,
    Overslept,
    Promoted,
    ReloadAsked,
    ReloadRefused,
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
    TemplateUnfit,
    Terms,
    Tick,
    WorkerAsksRetire,
    WorkerDraining,
    WorkerExited,
    WorkerFailed,
    WorkerHeard,
    WorkerLost,
    WorkerReady,
    WorkerSpawned,
)
from tests.supervisor.fleets import (
    CALM,
    KILLED,
    PATIENCE,
    STRICT,
    births,
    come_up,
    deeds,
    ends,
    facts,
    half_way,
    reloading,
    said,
    serving,
)


def untouched(fleet, count=1):
    """Whether generation 1 serves as before."""
    old = [worker for worker in fleet.workers.values() if worker.generation == 1]
    return fleet.generation == 1 and [(w.state, w.told) for w in old] == [(State.READY, False)] * count


def gone(fleet, generation=2):
    """Whether nothing of the generation is left."""
    return generation not in fleet.templates and not list(fleet.workers.of(generation))


class TestTakingOver:
    def test_all_are_ready_then_the_old_drain_with_a_linger(self):
        fleet = half_way(2)
        assert deeds(fleet.handle(WorkerReady(3), 101.0)) == []
        assert untouched(fleet, 2)
        assert deeds(fleet.handle(WorkerReady(4), 102.0)) == [
            EndTemplate(1),
            Promoted(2),
            TellDrain(1, PATIENCE, LINGER),
            TellDrain(2, PATIENCE, LINGER),
        ]

    def test_the_old_are_not_touched_before(self):
        fleet = reloading(2)
        assert untouched(fleet, 2)
        fleet.handle(TemplateLoaded(2), 101.0)
        assert untouched(fleet, 2)
        come_up(fleet, 3, 102.0)
        fleet.handle(Tick(), 103.0)
        assert untouched(fleet, 2)

    def test_is_over_when_the_old_accept_nothing_more(self):
        fleet = half_way(2)
        come_up(fleet, 3, 101.0)
        come_up(fleet, 4, 102.0)
        assert ends(fleet.handle(WorkerDraining(1), 102.1)) == []
        assert ends(fleet.handle(WorkerDraining(2), 102.2)) == [EndReload(2, ok=True, seconds=2.0)]
        assert ends(fleet.handle(Tick(), 200.0)) == []

    def test_an_old_worker_that_leaves_at_once_accepts_nothing_either(self):
        fleet = half_way(1)
        come_up(fleet, 2, 101.0)
        assert ends(fleet.handle(WorkerExited(1, "exit status 0"), 101.1)) == [EndReload(2, ok=True, seconds=1.0)]

    def test_an_old_worker_that_does_not_say_so_is_not_waited_for(self):
        fleet = half_way(1)
        come_up(fleet, 2, 101.0)
        assert fleet.deadline() == 101.0 + CLOSE_AFTER
        assert ends(fleet.handle(Tick(), 102.0)) == [EndReload(2, ok=True, seconds=1.0)]

    def test_it_is_told_but_not_announced_again(self):
        fleet = half_way(1)
        actions = come_up(fleet, 2, 103.0)
        assert facts(actions, "worker.replaced")["by"] == 2
        assert AnnounceReady() not in actions
        assert "reload.done" not in said(actions), "the old worker may still accept"
        done = fleet.handle(WorkerDraining(1), 103.1)
        assert facts(done, "reload.done") == {"generation": 2, "workers": 1, "seconds": 3.0}

    def test_one_that_is_overtaken_by_the_next_is_told_too(self):
        fleet = half_way(1)
        come_up(fleet, 2, 103.0)
        assert facts(fleet.handle(ReloadAsked(), 103.05), "reload.done")["generation"] == 2
        assert "reload.done" not in said(fleet.handle(WorkerDraining(1), 103.1))

    def test_the_old_have_their_time_and_no_more(self):
        fleet = half_way(1)
        come_up(fleet, 2, 101.0)
        fleet.handle(TemplateDied(1, "exit status 0"), 101.1)
        fleet.handle(WorkerDraining(1), 101.1)
        assert fleet.deadline() == 101.0 + PATIENCE + 1.0
        assert deeds(fleet.handle(Tick(), 132.0)) == [Signal(1, SIGKILL)]
        assert said(fleet.handle(WorkerExited(1, KILLED), 132.1)) == ["worker.exited"]
        assert list(fleet.workers) == [2]
        assert list(fleet.templates) == [2]

    def test_a_linger_is_never_longer_than_the_drain(self):
        fleet = half_way(1, terms=Terms(0.5))
        assert TellDrain(1, 0.5, 0.5) in come_up(fleet, 2, 101.0)

    def test_the_old_template_that_stays_is_killed(self):
        fleet = half_way(1)
        come_up(fleet, 2, 101.0)
        assert KillTemplate(1) in fleet.handle(Tick(), 102.0)
        fleet.handle(TemplateDied(1, KILLED), 102.1)
        assert gone(fleet, 1) or list(fleet.templates) == [2]

    def test_another_reload_after_it(self):
        fleet = half_way(1)
        come_up(fleet, 2, 101.0)
        fleet.handle(TemplateDied(1, "exit status 0"), 101.1)
        fleet.handle(WorkerExited(1, "exit status 0"), 101.1)
        assert deeds(fleet.handle(ReloadAsked(), 110.0)) == [BeginReload(3), StartTemplate(3)]
        assert births(fleet.handle(TemplateLoaded(3), 111.0)) == [3]
        assert Promoted(3) in come_up(fleet, 3, 112.0)

    def test_the_next_may_be_asked_for_while_the_old_still_close(self):
        """Who asked for the second reload is told of its own outcome only."""
        fleet = half_way(1)
        come_up(fleet, 2, 101.0)
        assert ends(fleet.handle(ReloadAsked(), 101.1)) == []
        assert ends(fleet.handle(WorkerExited(1, "exit status 0"), 101.2)) == []
        assert ends(fleet.handle(Tick(), 103.0)) == []
        fleet.handle(TemplateLoaded(3), 104.0)
        come_up(fleet, 3, 104.0)
        assert [end.generation for end in ends(fleet.handle(Tick(), 105.0))] == [3]

    def test_new_options_count_from_then_on(self):
        fleet = half_way(1)
        come_up(fleet, 2, 101.0)
        assert births(fleet.handle(Configured(3, Terms(5.0)), 101.0)) == [3, 4]
        assert TellDrain(2, 5.0, last=True) in fleet.handle(StopAsked(graceful=True), 102.0)


class TestRollBack:
    """Whatever goes wrong before all are ready, generation 1 serves on, and generation 2 leaves nothing behind."""

    def test_template_says_that_the_project_does_not_load(self):
        fleet = reloading(2)
        failed = fleet.handle(TemplateFailed(2, "SyntaxError: x", "Traceback"), 103.0)
        assert deeds(failed) == [EndReload(2, False, 3.0, "SyntaxError: x", "Traceback")]
        assert facts(failed, "reload.failed") == {"summary": "SyntaxError: x", "traceback": "Traceback", "serving": 1}
        assert deeds(fleet.handle(TemplateDied(2, "exit status 1"), 103.1)) == []
        assert untouched(fleet, 2)
        assert gone(fleet)
        assert fleet.deadline() is None

    def test_a_template_that_says_so_and_stays_is_killed(self):
        fleet = reloading()
        fleet.handle(TemplateFailed(2, "SyntaxError"), 103.0)
        assert deeds(fleet.handle(Tick(), 104.0)) == [KillTemplate(2)]

    def test_template_dies(self):
        fleet = reloading()
        (end,) = deeds(fleet.handle(TemplateDied(2, "killed by SIGSEGV", "in C"), 101.0))
        assert end == EndReload(
            2, False, 1.0, "the project does not load: its process ended: killed by SIGSEGV", "in C"
        )
        assert untouched(fleet)
        assert gone(fleet)

    def test_template_cannot_be_started(self):
        fleet = reloading()
        (end,) = deeds(fleet.handle(TemplateDied(2, "cannot be started: Too many open files"), 101.0))
        assert end.summary == "the project does not load: its process cannot be started: Too many open files"
        assert gone(fleet)

    def test_template_hangs(self):
        fleet = reloading(terms=Terms(PATIENCE, start=60.0))
        assert fleet.deadline() == 160.0
        assert deeds(fleet.handle(Tick(), 160.0)) == [AskTemplateStacks(2)]
        assert deeds(fleet.handle(Tick(), 160.4)) == []
        assert deeds(fleet.handle(Tick(), 160.5)) == [KillTemplate(2)]
        (end,) = deeds(fleet.handle(TemplateDied(2, KILLED, "in hangs_here"), 160.6))
        assert end.summary == "the project does not load: its process hung for 60 s, killed"
        assert end.traceback == "in hangs_here"
        assert untouched(fleet)
        assert gone(fleet)

    def test_template_hangs_and_survives_sigkill(self):
        fleet = reloading(terms=Terms(PATIENCE, start=60.0))
        fleet.handle(Tick(), 160.0)
        fleet.handle(Tick(), 160.5)
        assert [end.ok for end in ends(fleet.handle(Tick(), 165.5))] == [False]
        assert gone(fleet)

    def test_template_is_deaf(self):
        fleet = reloading()
        fleet.handle(TemplateLost(2), 101.0)
        assert deeds(fleet.handle(Tick(), 102.0)) == [KillTemplate(2)]
        assert [end.ok for end in ends(fleet.handle(TemplateDied(2, KILLED), 102.1))] == [False]

    def test_worker_dies_before_it_is_ready(self):
        fleet = half_way(2)
        fleet.handle(WorkerReady(3), 100.5)
        failed = fleet.handle(WorkerExited(4, "exit status 1", stacks="in C"), 101.0)
        (end,) = ends(failed)
        assert not end.ok
        assert "exit status 1" in end.summary
        assert end.traceback == "in C"
        assert deeds(failed)[:-1] == [TellDrain(3, 0.0), EndTemplate(2)]
        assert untouched(fleet, 2)
        fleet.handle(WorkerExited(3, "exit status 0"), 101.1)
        fleet.handle(TemplateDied(2, "exit status 0"), 101.1)
        assert gone(fleet)

    def test_reason_of_a_death_is_told(self):
        fleet = half_way(1)
        (end,) = ends(fleet.handle(WorkerExited(2, KILLED, "out of memory"), 101.0))
        assert "out of memory" in end.summary

    def test_worker_is_never_ready(self):
        fleet = half_way(1, terms=Terms(PATIENCE, start=60.0))
        assert deeds(fleet.handle(Tick(), 160.0)) == [AskStacks(2)]
        assert deeds(fleet.handle(Tick(), 160.5)) == [Signal(2, SIGKILL)]
        (end,) = ends(fleet.handle(WorkerExited(2, KILLED, stacks="in hangs_here"), 160.6))
        assert not end.ok
        assert "in hangs_here" in end.traceback
        assert untouched(fleet)

    def test_worker_is_never_even_forked(self):
        fleet = reloading(terms=Terms(PATIENCE, start=60.0))
        fleet.handle(TemplateLoaded(2), 110.0)
        assert deeds(fleet.handle(Tick(), 170.0)) == [AskTemplateStacks(2)]
        assert [end.ok for end in ends(fleet.handle(Tick(), 170.5))] == [False]
        fleet.handle(TemplateDied(2, KILLED), 171.0)
        assert gone(fleet)
        assert untouched(fleet)

    def test_worker_says_that_the_project_does_not_load(self):
        fleet = half_way(1)
        failed = fleet.handle(WorkerFailed(2, "SyntaxError", "Traceback"), 101.0)
        assert ends(failed) == [EndReload(2, False, 1.0, "SyntaxError", "Traceback")]
        assert deeds(failed)[:-1] == [TellDrain(2, 0.0), EndTemplate(2)]
        assert said(fleet.handle(WorkerExited(2, "exit status 1"), 101.1)) == ["worker.exited"]
        fleet.handle(TemplateDied(2, "exit status 0"), 101.1)
        assert gone(fleet)
        assert untouched(fleet)

    def test_and_all_the_others_say_so_too(self):
        fleet = half_way(3)
        assert len(ends(fleet.handle(WorkerFailed(4, "SyntaxError"), 101.0))) == 1
        for worker in (5, 6):
            assert fleet.handle(WorkerFailed(worker, "SyntaxError"), 101.0) == []

    def test_options_are_refused(self):
        fleet = reloading()
        refused = fleet.handle(ReloadRefused("hendrix.toml: threads = many"), 100.0)
        assert deeds(refused) == [KillTemplate(2), EndReload(2, False, 0.0, "hendrix.toml: threads = many")]
        assert deeds(fleet.handle(TemplateDied(2, "was not started"), 100.0)) == []
        assert gone(fleet)
        assert untouched(fleet)

    def test_workers_of_it_that_do_not_leave_are_killed_after_a_second(self):
        fleet = half_way(2)
        fleet.handle(WorkerReady(3), 101.0)
        fleet.handle(WorkerFailed(4, "SyntaxError"), 101.0)
        late = deeds(fleet.handle(Tick(), 102.0))
        assert late == [Signal(3, SIGKILL), Signal(4, SIGKILL), KillTemplate(2)]

    def test_worker_that_died_after_it_was_ready_has_another_chance(self):
        fleet = half_way(2)
        fleet.handle(WorkerReady(3), 101.0)
        died = fleet.handle(WorkerExited(3, KILLED), 101.5)
        assert births(died) == [5]
        assert ends(died) == []
        come_up(fleet, 5, 102.0)
        assert Promoted(2) in fleet.handle(WorkerReady(4), 102.0)

    def test_but_not_for_ever(self):
        """Code that crashes soon after it is ready must not keep whoever asked waiting."""
        fleet, now = half_way(2), 101.0
        fleet.handle(WorkerReady(3), now)
        worker, ended = 3, []
        while not ended and now < 200.0:
            died = fleet.handle(WorkerExited(worker, KILLED), now)
            ended = ends(died)
            now = max(now + 0.1, fleet.deadline() or 0.0)
            more = births(died) + births(fleet.handle(Tick(), now))
            if more:
                (worker,) = more
                come_up(fleet, worker, now)
        assert [end.ok for end in ended] == [False]
        assert untouched(fleet, 2)

    def test_a_frozen_worker_does_not_count_as_ready(self):
        fleet = half_way(2, terms=Terms(PATIENCE, silence=20.0))
        fleet.handle(WorkerReady(3), 101.0)
        for worker in (1, 2):
            fleet.handle(WorkerHeard(worker), 119.0)
        assert AskStacks(3) in fleet.handle(Tick(), 121.0)
        assert Promoted(2) not in fleet.handle(WorkerReady(4), 121.1)
        fleet.handle(Tick(), 121.5)
        (again,) = births(fleet.handle(WorkerExited(3, KILLED), 121.6))
        assert Promoted(2) in come_up(fleet, again, 122.0)

    def test_another_reload_may_succeed(self):
        fleet = reloading()
        fleet.handle(TemplateFailed(2, "SyntaxError"), 101.0)
        fleet.handle(TemplateDied(2, "exit status 1"), 101.0)
        assert deeds(fleet.handle(ReloadAsked(), 110.0)) == [BeginReload(3), StartTemplate(3)]
        fleet.handle(TemplateLoaded(3), 111.0)
        assert Promoted(3) in come_up(fleet, 2, 112.0)

    def test_the_old_template_still_forks(self):
        fleet = reloading()
        fleet.handle(TemplateFailed(2, "SyntaxError"), 101.0)
        fleet.handle(TemplateDied(2, "exit status 1"), 101.0)
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 150.0)) == [SpawnWorker(2, 1)]


class TestMeanwhile:
    """While generation 2 is built, generation 1 lives as always."""

    def test_worker_that_dies_is_replaced_by_the_old_template(self):
        fleet = reloading(2)
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 120.0)) == [SpawnWorker(3, 1)]
        come_up(fleet, 3, 121.0)
        assert births(fleet.handle(TemplateLoaded(2), 122.0)) == [4, 5]
        come_up(fleet, 4, 123.0)
        assert TellDrain(3, PATIENCE, LINGER) in come_up(fleet, 5, 123.0)

    def test_template_that_dies_is_started_anew(self):
        fleet = reloading()
        assert deeds(fleet.handle(TemplateDied(1, KILLED), 101.0)) == [StartTemplate(1)]
        fleet.handle(TemplateLoaded(2), 101.5)
        assert KillTemplate(1) in come_up(fleet, 2, 102.0)
        assert deeds(fleet.handle(TemplateDied(1, KILLED), 102.1)) == []
        assert list(fleet.templates) == [2]

    def test_old_template_that_fails_is_told_and_fails_nothing(self):
        fleet = reloading()
        fleet.handle(TemplateDied(1, KILLED), 101.0)
        failed = fleet.handle(TemplateFailed(1, "SyntaxError"), 102.0)
        assert said(failed) == ["template.failed"]
        assert fleet.candidate == 2

    def test_worker_that_wants_to_retire_does(self):
        fleet = reloading(2)
        assert deeds(fleet.handle(WorkerAsksRetire(1, "age"), 101.0)) == [SpawnWorker(3, 1)]
        assert deeds(come_up(fleet, 3, 102.0)) == [TellDrain(1, PATIENCE, LINGER)]

    def test_worker_of_the_candidate_may_want_to_retire_at_once(self):
        """--max-requests 1: each takes a connection before all are ready."""
        fleet = half_way(2)
        fleet.handle(WorkerReady(3), 101.0)
        assert births(fleet.handle(WorkerAsksRetire(3, "requests"), 101.1)) == [5]
        fleet.handle(WorkerReady(4), 101.2)
        assert fleet.generation == 1
        last = deeds(come_up(fleet, 5, 101.3))
        assert Promoted(2) in last
        assert TellDrain(3, PATIENCE, LINGER) in last

    def test_one_more(self):
        fleet = half_way(1)
        assert deeds(fleet.handle(Resized(2), 101.0)) == [SpawnWorker(3, 1), SpawnWorker(4, 2)]
        come_up(fleet, 2, 102.0)
        assert fleet.generation == 1
        assert Promoted(2) in come_up(fleet, 4, 102.0)

    def test_one_less(self):
        fleet = half_way(2)
        assert deeds(fleet.handle(Resized(1), 101.0)) == [TellDrain(2, PATIENCE), TellDrain(4, PATIENCE)]
        assert Promoted(2) in come_up(fleet, 3, 102.0)

    def test_one_less_may_be_what_was_missing(self):
        fleet = half_way(2)
        fleet.handle(WorkerReady(3), 101.0)
        assert Promoted(2) in fleet.handle(Resized(1), 102.0)

    def test_one_less_before_there_are_workers(self):
        fleet = reloading(2)
        fleet.handle(Resized(1), 101.0)
        assert births(fleet.handle(TemplateLoaded(2), 102.0)) == [3]

    def test_frozen_worker_of_the_old(self):
        fleet = reloading(terms=STRICT)
        assert deeds(fleet.handle(Tick(), 120.0)) == [AskStacks(1)]
        assert deeds(fleet.handle(Tick(), 120.5)) == [Signal(1, SIGKILL)]
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 120.6)) == [SpawnWorker(2, 1)]

    def test_lost_worker_of_the_old(self):
        fleet = reloading()
        fleet.handle(WorkerLost(1), 101.0)
        assert deeds(fleet.handle(Tick(), 102.0)) == [Signal(1, SIGKILL)]

    def test_oversleeping_does_not_fail_it(self):
        fleet = half_way(1, terms=STRICT)
        assert fleet.handle(Overslept(), 900.0) == []
        assert Promoted(2) in fleet.handle(WorkerReady(2), 901.0)


class TestThreads:
    def test_candidate_is_started_anew_without_the_project_in_it(self):
        fleet = reloading()
        assert deeds(fleet.handle(TemplateUnfit(2), 101.0)) == []
        assert deeds(fleet.handle(TemplateDied(2, "exit status 0"), 101.1)) == [StartTemplate(2, preload=False)]
        assert untouched(fleet)
        fleet.handle(TemplateLoaded(2), 101.2)
        assert Promoted(2) in come_up(fleet, 2, 103.0)

    def test_and_so_is_the_next_at_once(self):
        fleet = reloading()
        fleet.handle(TemplateUnfit(2), 101.0)
        fleet.handle(TemplateDied(2, "exit status 0"), 101.1)
        fleet.handle(TemplateLoaded(2), 101.2)
        come_up(fleet, 2, 103.0)
        assert StartTemplate(3, preload=False) in fleet.handle(ReloadAsked(), 110.0)

    def test_given_up_meanwhile(self):
        fleet = reloading()
        fleet.handle(TemplateUnfit(2), 101.0)
        fleet.handle(ReloadAsked(), 101.05)
        assert deeds(fleet.handle(TemplateDied(2, "exit status 0"), 101.1)) == []
        assert gone(fleet)


class TestAskedTwice:
    """What is being built has older code: the second reload supersedes the first."""

    def test_while_it_loads(self):
        fleet = reloading()
        actions = deeds(fleet.handle(ReloadAsked(), 101.0))
        assert actions == [KillTemplate(2), BeginReload(3), StartTemplate(3)]
        assert deeds(fleet.handle(TemplateDied(2, KILLED), 101.1)) == []
        assert gone(fleet)
        fleet.handle(TemplateLoaded(3), 102.0)
        assert Promoted(3) in come_up(fleet, 2, 103.0)

    def test_while_its_workers_come_up(self):
        fleet = half_way(2)
        fleet.handle(WorkerReady(3), 101.0)
        actions = deeds(fleet.handle(ReloadAsked(), 101.0))
        assert actions == [
            TellDrain(3, 0.0),
            TellDrain(4, 0.0),
            EndTemplate(2),
            BeginReload(3),
            StartTemplate(3),
        ]
        assert deeds(fleet.handle(Tick(), 102.0)) == [Signal(3, SIGKILL), Signal(4, SIGKILL), KillTemplate(2)]
        for event in (WorkerExited(3, KILLED), WorkerExited(4, KILLED), TemplateDied(2, KILLED)):
            assert deeds(fleet.handle(event, 102.1)) == []
        assert gone(fleet)
        assert untouched(fleet, 2)

    def test_late_words_of_the_first_mean_nothing(self):
        fleet = reloading()
        fleet.handle(ReloadAsked(), 101.0)
        for late in (TemplateLoaded(2), TemplateFailed(2, "SyntaxError"), TemplateUnfit(2), TemplateLost(2)):
            assert deeds(fleet.handle(late, 101.1)) == []
        assert fleet.candidate == 3
        assert ends(fleet.handle(TemplateDied(2, KILLED), 101.2)) == []

    def test_there_is_one_outcome(self):
        fleet = reloading()
        for _ in range(4):
            assert ends(fleet.handle(ReloadAsked(), 101.0)) == []
        for generation in range(2, 6):
            fleet.handle(TemplateDied(generation, KILLED), 101.1)
        fleet.handle(TemplateLoaded(6), 102.0)
        come_up(fleet, 2, 103.0)
        assert ends(fleet.handle(WorkerDraining(1), 103.1)) == [EndReload(6, ok=True, seconds=2.0)]

    def test_worker_that_is_forked_late_is_told_to_leave(self):
        """The first one's template was just about to fork it."""
        fleet = reloading()
        fleet.handle(TemplateLoaded(2), 101.0)
        fleet.handle(ReloadAsked(), 101.1)
        fleet.handle(WorkerSpawned(2, 1002), 101.2)
        fleet.handle(WorkerReady(2), 101.3)
        assert fleet.workers[2].state is State.DRAINING
        assert Signal(2, SIGKILL) in fleet.handle(Tick(), 102.1)


class TestStop:
    @pytest.mark.parametrize("seconds", [PATIENCE, 0.0])
    def test_while_it_loads(self, seconds):
        fleet = reloading()
        stop = deeds(fleet.handle(StopAsked(graceful=bool(seconds)), 101.0))
        assert stop == [TellDrain(1, seconds, last=True), EndTemplate(1), KillTemplate(2)]
        fleet.handle(TemplateDied(2, KILLED), 101.1)
        fleet.handle(TemplateDied(1, "exit status 0"), 101.1)
        assert deeds(fleet.handle(WorkerExited(1, "exit status 0"), 101.2)) == [Exit(0)]

    def test_while_its_workers_come_up(self):
        fleet = half_way(1)
        stop = deeds(fleet.handle(StopAsked(graceful=True), 101.0))
        assert stop == [
            TellDrain(1, PATIENCE, last=True),
            TellDrain(2, PATIENCE, last=True),
            EndTemplate(1),
            EndTemplate(2),
        ]
        assert deeds(fleet.handle(WorkerReady(2), 101.1)) == []
        assert deeds(fleet.handle(TemplateFailed(2, "x"), 101.1)) == []
        for event in (WorkerExited(2, KILLED), TemplateDied(2, "exit status 0"), TemplateDied(1, "exit status 0")):
            assert deeds(fleet.handle(event, 101.2)) == []
        assert deeds(fleet.handle(WorkerExited(1, "exit status 0"), 101.3)) == [Exit(0)]

    def test_just_after_it_took_over(self):
        fleet = half_way(1)
        come_up(fleet, 2, 101.0)
        stop = deeds(fleet.handle(StopAsked(graceful=True), 101.1))
        assert stop == [TellDrain(2, PATIENCE, last=True), EndTemplate(2)]
        assert ends(fleet.handle(WorkerExited(1, "exit status 0"), 101.2)) == []

    def test_nothing_is_reloaded_any_more(self):
        fleet = serving()
        fleet.handle(StopAsked(graceful=True), 101.0)
        assert fleet.handle(ReloadAsked(), 101.1) == []
        assert fleet.handle(ReloadRefused("late"), 101.1) == []


class TestPatience:
    """Development: a project that does not load is waited for."""

    def waiting(self):
        fleet = Fleet(2, Terms(PATIENCE, patient=True))
        fleet.handle(ReloadAsked(), 0.0)
        failed = fleet.handle(TemplateFailed(1, "SyntaxError", "Traceback"), 1.0)
        assert ends(failed) == [EndReload(1, False, 1.0, "SyntaxError", "Traceback")]
        assert deeds(fleet.handle(TemplateDied(1, "exit status 1"), 1.1)) == []
        return fleet

    def test_nothing_happens_until_it_is_asked_again(self):
        fleet = self.waiting()
        assert fleet.deadline() is None
        assert fleet.handle(Tick(), 1000.0) == []
        assert not fleet.workers
        assert not fleet.templates

    def test_then_it_starts(self):
        fleet = self.waiting()
        assert deeds(fleet.handle(ReloadAsked(), 60.0)) == [BeginReload(2), StartTemplate(2)]
        assert births(fleet.handle(TemplateLoaded(2), 61.0)) == [1, 2]
        come_up(fleet, 1, 61.0)
        assert deeds(come_up(fleet, 2, 61.0)) == [
            Promoted(2),
            AnnounceReady(),
            EndReload(2, ok=True, seconds=1.0),
        ]

    def test_it_may_fail_again(self):
        fleet = self.waiting()
        fleet.handle(ReloadAsked(), 60.0)
        assert [end.ok for end in ends(fleet.handle(TemplateFailed(2, "NameError"), 61.0))] == [False]

    def test_workers_that_die_at_once(self):
        fleet = Fleet(1, Terms(PATIENCE, patient=True))
        fleet.handle(ReloadAsked(), 0.0)
        ended, now = ends(fleet.handle(TemplateLoaded(1), 0.0)), 0.0
        while not ended:
            ended = ends(fleet.handle(WorkerExited(fleet.last_worker, "exit status 1"), now))
            now = fleet.deadline() or now
            fleet.handle(Tick(), now)
        assert [end.ok for end in ended] == [False]
        fleet.handle(TemplateDied(1, "exit status 0"), now)
        assert not fleet.workers
        assert not fleet.templates

    def test_stop_while_it_waits(self):
        assert deeds(self.waiting().handle(StopAsked(graceful=True), 10.0)) == [Exit(0)]


class TestManyReloads:
    def test_nothing_piles_up(self):
        fleet = serving(2, terms=CALM)
        for generation in range(2, 202):
            now = 10.0 * generation
            fleet.handle(ReloadAsked(), now)
            if generation % 3 == 0:
                fleet.handle(TemplateFailed(generation, "SyntaxError"), now)
                fleet.handle(TemplateDied(generation, "exit status 1"), now)
                continue
            before = list(fleet.workers)
            for worker in births(fleet.handle(TemplateLoaded(generation), now)):
                come_up(fleet, worker, now)
            fleet.handle(TemplateDied(next(iter(fleet.templates)), "exit status 0"), now)
            for worker in before:
                fleet.handle(WorkerExited(worker, "exit status 0"), now)
            (again,) = births(fleet.handle(WorkerExited(min(fleet.workers), KILLED), now + 1.0))
            come_up(fleet, again, now + 1.0)
        assert len(fleet.workers) == 2
        assert len(fleet.templates) == 1
        sizes = [len(value) for value in vars(fleet).values() if hasattr(value, "__len__")]
        assert max(sizes) < 50
