"""The fleet table: pure, so every moment is an argument and no process is needed.

Here the life of one generation; ``test_fleet_reload`` is about the next one, ``test_fleet_chance`` about any order.
"""

from signal import SIGKILL

import pytest

from hendrix.supervisor.entries import State
from hendrix.supervisor.fleet import LINGER, Phase
from hendrix.supervisor.moves import (
    Abandon,
    AnnounceReady,
    AskStacks,
    AskTemplateStacks,
    Configured,
    EndReload,
    EndTemplate,
    Exit,
    KillTemplate,
    Overslept,
    Promoted,
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
    KILLED,
    PATIENCE,
    STRICT,
    births,
    come_up,
    deeds,
    facts,
    loaded,
    pid_of,
    said,
    serving,
    started,
)


class TestStart:
    def test_template_then_workers_then_ready_once(self):
        fleet = loaded(2)
        assert deeds(fleet.handle(WorkerReady(1), 1.0)) == []
        assert deeds(fleet.handle(WorkerReady(2), 1.0)) == [
            Promoted(1),
            AnnounceReady(),
            EndReload(1, ok=True, seconds=1.0),
        ]
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
        fleet.handle(Configured(3, Terms(7.0)), 0.0)
        assert births(fleet.handle(TemplateLoaded(1), 0.1)) == [1, 2, 3]
        stop = fleet.handle(StopAsked(graceful=True), 1.0)
        assert TellDrain(1, 7.0, last=True) in stop

    def test_worker_counts_once_its_word_and_its_pid_are_there(self):
        fleet = started(1)
        fleet.handle(TemplateLoaded(1), 0.0)
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
        assert deeds(fleet.handle(TemplateFailed(1, "no module named x", "Traceback"), 1.0)) == []
        end = fleet.handle(TemplateDied(1, "exit status 1"), 1.1)
        assert deeds(end) == [Exit(3, "no module named x", "Traceback")]

    def test_failed_template_that_stays_is_killed(self):
        fleet = started(1)
        fleet.handle(TemplateFailed(1, "bad"), 1.0)
        assert fleet.deadline() == 2.0
        assert deeds(fleet.handle(Tick(), 2.0)) == [KillTemplate(1)]
        assert Exit(3, "bad") in fleet.handle(TemplateDied(1, KILLED), 2.1)

    def test_template_that_dies_while_loading(self):
        fleet = started(1)
        (end,) = deeds(fleet.handle(TemplateDied(1, "killed by SIGSEGV"), 1.0))
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
        assert deeds(last) == [EndTemplate(1)]
        (end,) = deeds(fleet.handle(TemplateDied(1, "exit status 0"), now))
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
        assert deeds(fleet.handle(StopAsked(graceful=True), 0.5)) == [KillTemplate(1)]
        assert deeds(fleet.handle(TemplateFailed(1, "too late"), 0.6)) == []
        assert deeds(fleet.handle(TemplateDied(1, KILLED), 0.6)) == [Exit(0)]


class TestDeath:
    def test_replaced_at_once_the_first_time(self):
        fleet = serving(2)
        actions = fleet.handle(WorkerExited(1, KILLED), 3.0)
        assert deeds(actions) == [SpawnWorker(3, 1)]
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

    def test_one_that_others_told_to_leave_is_replaced_at_once(self):
        fleet = serving(1)
        actions = fleet.handle(WorkerDraining(1), 50.0)
        assert TellDrain(1, PATIENCE) in actions
        assert births(actions) == [2]
        assert facts(actions, "worker.leaves")["again_in"] == 0
        come_up(fleet, 2, 51.0)
        assert said(fleet.handle(WorkerExited(1, "exit status 0"), 60.0)) == ["worker.exited"]

    def test_one_that_keeps_being_told_to_leave_is_replaced_ever_more_slowly(self):
        fleet = serving(1)
        fleet.handle(WorkerDraining(1), 50.0)
        come_up(fleet, 2, 50.1)
        assert births(fleet.handle(WorkerDraining(2), 50.2)) == []
        assert births(fleet.handle(Tick(), 50.4)) == [3]

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
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 5.001)) == [SpawnWorker(2, 1)]

    def test_worker_that_was_never_born_is_abandoned(self):
        fleet = started(1)
        fleet.handle(TemplateLoaded(1), 0.0)
        fleet.handle(WorkerLost(1), 1.0)
        assert deeds(fleet.handle(Tick(), 2.0)) == [Abandon(1), SpawnWorker(2, 1)]

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
        assert deeds(asked) == [SpawnWorker(3, 1)]
        assert fleet.workers[1].state is State.RETIRING
        fleet.handle(WorkerSpawned(3, 1003), 50.0)
        actions = fleet.handle(WorkerReady(3), 51.0)
        assert deeds(actions) == [TellDrain(1, PATIENCE, LINGER)]
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
        assert deeds(come_up(fleet, 4, 51.0)) == [TellDrain(1, PATIENCE, LINGER)]

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


class TestTemplateLater:
    def test_death_starts_another_and_workers_serve_on(self):
        fleet = serving(2)
        actions = fleet.handle(TemplateDied(1, KILLED), 5.0)
        assert deeds(actions) == [StartTemplate(1)]
        assert said(actions) == ["template.died"]
        assert deeds(fleet.handle(TemplateLoaded(1), 6.0)) == []
        assert births(fleet.handle(WorkerExited(1, KILLED), 7.0)) == [3]

    def test_dead_worker_waits_for_the_new_template(self):
        fleet = serving(1)
        fleet.handle(TemplateDied(1, KILLED), 5.0)
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 5.1)) == []
        assert births(fleet.handle(TemplateLoaded(1), 6.0)) == [2]

    def test_failing_again_and_again_backs_off_and_never_exits(self):
        fleet, now, waits = serving(1), 5.0, []
        fleet.handle(TemplateDied(1, KILLED), now)
        for _ in range(8):
            failed = fleet.handle(TemplateFailed(1, "broken deploy", "Traceback"), now)
            assert "template.failed" in said(failed)
            fleet.handle(TemplateDied(1, "exit status 1"), now)
            waits.append(fleet.deadline() - now)
            now = fleet.deadline()
            assert deeds(fleet.handle(Tick(), now)) == [StartTemplate(1)]
        assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])
        assert fleet.workers[1].state is State.READY

    def test_deaf_template_is_killed_and_started_anew(self):
        fleet = serving(1)
        assert deeds(fleet.handle(TemplateLost(1), 5.0)) == []
        assert deeds(fleet.handle(Tick(), 6.0)) == [KillTemplate(1)]
        assert deeds(fleet.handle(TemplateDied(1, KILLED), 6.1)) == [StartTemplate(1)]

    def test_template_that_survives_sigkill_is_left_alone(self):
        fleet = serving(1)
        fleet.handle(TemplateLost(1), 5.0)
        fleet.handle(Tick(), 6.0)
        assert deeds(fleet.handle(Tick(), 11.0)) == [StartTemplate(1)]

    def test_workers_it_did_not_name_are_abandoned_and_asked_for_again(self):
        fleet = serving(1)
        fleet.handle(WorkerExited(1, KILLED), 5.0)
        assert deeds(fleet.handle(TemplateDied(1, KILLED), 5.1)) == [Abandon(2), StartTemplate(1)]
        assert births(fleet.handle(TemplateLoaded(1), 6.0)) == [3]


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
        assert actions == [TellDrain(1, PATIENCE, last=True), TellDrain(2, PATIENCE, last=True), EndTemplate(1)]
        assert deeds(fleet.handle(WorkerExited(1, "exit status 0"), 5.5)) == []
        assert deeds(fleet.handle(TemplateDied(1, "exit status 0"), 5.5)) == []
        assert deeds(fleet.handle(WorkerExited(2, "exit status 0"), 7.0)) == [Exit(0)]
        assert fleet.handle(Tick(), 99.0) == []

    def test_graceful_kills_at_the_deadline(self):
        fleet = serving(1)
        fleet.handle(StopAsked(graceful=True), 5.0)
        fleet.handle(TemplateDied(1, "exit status 0"), 5.1)
        assert fleet.deadline() == 5.0 + PATIENCE + 1.0
        assert deeds(fleet.handle(Tick(), 36.0)) == [Signal(1, SIGKILL)]
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 36.1)) == [Exit(0)]

    def test_graceful_does_not_prolong_a_drain_under_way(self):
        fleet = serving(1)
        fleet.handle(WorkerAsksRetire(1, "age"), 50.0)
        come_up(fleet, 2, 51.0)
        actions = fleet.handle(StopAsked(graceful=True), 60.0)
        assert TellDrain(1, PATIENCE, last=True) not in actions
        assert fleet.workers[1].deadline == 82.0

    def test_fast_gives_one_second(self):
        fleet = serving(1)
        actions = deeds(fleet.handle(StopAsked(graceful=False), 5.0))
        assert actions == [TellDrain(1, 0.0, last=True), EndTemplate(1)]
        assert fleet.deadline() == 6.0
        assert deeds(fleet.handle(Tick(), 6.0)) == [Signal(1, SIGKILL), KillTemplate(1)]

    @pytest.mark.parametrize("graceful", [True, False])
    def test_second_request_of_a_graceful_stop_is_fast(self, graceful):
        fleet = serving(1)
        fleet.handle(StopAsked(graceful=True), 5.0)
        assert deeds(fleet.handle(StopAsked(graceful=graceful), 5.5)) == [TellDrain(1, 0.0, last=True)]
        assert fleet.workers[1].deadline == 6.5

    def test_second_request_of_a_fast_stop_kills_at_once(self):
        fleet = serving(1)
        fleet.handle(StopAsked(graceful=False), 5.0)
        actions = deeds(fleet.handle(StopAsked(graceful=False), 5.1))
        assert actions == [Signal(1, SIGKILL), KillTemplate(1)]
        assert deeds(fleet.handle(StopAsked(graceful=False), 5.2)) == []

    def test_nothing_is_started_any_more(self):
        fleet = serving(2)
        fleet.handle(StopAsked(graceful=True), 5.0)
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 5.1)) == []
        assert deeds(fleet.handle(TemplateDied(1, KILLED), 5.1)) == []
        assert deeds(fleet.handle(Resized(5), 5.2)) == []

    def test_worker_that_is_starting_is_told_too(self):
        fleet = started(1)
        fleet.handle(TemplateLoaded(1), 0.0)
        assert TellDrain(1, PATIENCE, last=True) in fleet.handle(StopAsked(graceful=True), 0.1)
        fleet.handle(WorkerSpawned(1, 1001), 0.2)
        fleet.handle(TemplateDied(1, "exit status 0"), 0.3)
        assert deeds(fleet.handle(WorkerExited(1, "exit status 0"), 0.4)) == [Exit(0)]

    def test_worker_that_never_came_is_not_waited_for(self):
        fleet = started(1)
        fleet.handle(TemplateLoaded(1), 0.0)
        fleet.handle(StopAsked(graceful=True), 0.1)
        assert deeds(fleet.handle(TemplateDied(1, "exit status 0"), 0.3)) == [Abandon(1), Exit(0)]

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
        fleet.handle(TemplateDied(1, "exit status 0"), 5.2)
        assert deeds(fleet.handle(WorkerExited(1, KILLED), 5.3)) == [Exit(0)]


class TestSilence:
    """A worker that is not heard for ``terms.silence`` (20 s) stands still."""

    def frozen(self, count=1):
        fleet = serving(count, terms=STRICT)
        for worker in range(2, count + 1):
            fleet.handle(WorkerHeard(worker), 19.0)
        assert fleet.deadline() == 20.0
        return fleet, fleet.handle(Tick(), 20.0)

    def test_is_shown_then_killed_after_half_a_second_then_replaced(self):
        fleet, actions = self.frozen()
        assert deeds(actions) == [AskStacks(1)]
        assert facts(actions, "worker.frozen") == {"worker": 1, "pid": 1001, "state": "ready", "seconds": 20.0}
        assert fleet.deadline() == 20.5
        assert deeds(fleet.handle(Tick(), 20.49)) == []
        assert deeds(fleet.handle(Tick(), 20.5)) == [Signal(1, SIGKILL)]
        exited = fleet.handle(WorkerExited(1, KILLED, stacks="in blocks"), 20.6)
        assert facts(exited, "worker.died")["stacks"] == "in blocks"
        assert births(exited) == [2]

    def test_others_are_left_alone(self):
        fleet, actions = self.frozen(3)
        assert deeds(actions) == [AskStacks(1)]
        assert deeds(fleet.handle(Tick(), 20.5)) == [Signal(1, SIGKILL)]
        assert births(fleet.handle(WorkerExited(1, KILLED), 20.6)) == [4]

    def test_a_word_in_time_is_enough(self):
        fleet = serving(terms=STRICT)
        for second in range(1, 100):
            assert fleet.handle(WorkerHeard(1), float(second)) == []
            assert fleet.handle(Tick(), float(second)) == []
        assert fleet.deadline() == 119.0

    def test_one_that_survives_sigkill_is_given_up(self):
        fleet, _ = self.frozen()
        fleet.handle(Tick(), 20.5)
        assert births(fleet.handle(Tick(), 25.5)) == [2]

    def test_retiring_worker_is_watched_too(self):
        fleet = serving(terms=STRICT)
        fleet.handle(WorkerAsksRetire(1, "age"), 1.0)
        assert AskStacks(1) in fleet.handle(Tick(), 20.0)

    def test_draining_worker_has_its_deadline_only(self):
        fleet = serving(terms=STRICT)
        fleet.handle(StopAsked(graceful=True), 1.0)
        fleet.handle(TemplateDied(1, "exit status 0"), 1.0)
        assert fleet.deadline() == 32.0
        assert deeds(fleet.handle(Tick(), 31.0)) == []

    def test_stop_meanwhile_does_not_prolong_its_life(self):
        fleet, _ = self.frozen()
        fleet.handle(StopAsked(graceful=True), 20.1)
        assert Signal(1, SIGKILL) in fleet.handle(Tick(), 20.5)

    def test_nobody_freezes_without_a_limit(self):
        assert serving().handle(Tick(), 1e6) == []


class TestOverslept:
    """This process stood still, so it could hear nobody."""

    def test_silence_is_forgiven(self):
        fleet = serving(2, terms=STRICT)
        assert fleet.handle(Overslept(), 500.0) == []
        assert fleet.deadline() == 520.0

    def test_and_counts_from_then_on(self):
        fleet = serving(terms=STRICT)
        fleet.handle(Overslept(), 500.0)
        assert deeds(fleet.handle(Tick(), 520.0)) == [AskStacks(1)]

    def test_who_loads_gets_all_the_time_again(self):
        fleet = started(terms=STRICT)
        assert fleet.handle(Overslept(), 500.0) == []
        assert fleet.deadline() == 560.0
        fleet.handle(TemplateLoaded(1), 510.0)
        assert fleet.handle(Overslept(), 900.0) == []
        assert fleet.deadline() == 960.0

    def test_for_ever_stays_for_ever(self):
        fleet = started()
        fleet.handle(Overslept(), 500.0)
        assert fleet.deadline() is None

    def test_a_drain_is_not_prolonged(self):
        fleet = serving(terms=STRICT)
        fleet.handle(StopAsked(graceful=True), 1.0)
        assert Signal(1, SIGKILL) in fleet.handle(Overslept(), 500.0)


class TestSlowStart:
    """A template or worker has ``terms.start`` (60 s) to load."""

    def test_template_that_hangs_is_shown_and_killed(self):
        fleet = started(terms=STRICT)
        assert deeds(fleet.handle(Tick(), 59.9)) == []
        assert deeds(fleet.handle(Tick(), 60.0)) == [AskTemplateStacks(1)]
        assert deeds(fleet.handle(Tick(), 60.5)) == [KillTemplate(1)]
        (end,) = deeds(fleet.handle(TemplateDied(1, KILLED, "in import"), 60.6))
        assert end == Exit(3, "the project does not load: its process hung for 60 s, killed", "in import")

    def test_template_that_loads_at_the_last_moment_serves(self):
        fleet = started(terms=STRICT)
        fleet.handle(Tick(), 60.0)
        assert births(fleet.handle(TemplateLoaded(1), 60.4)) == [1]
        come_up(fleet, 1, 61.0)
        died = fleet.handle(TemplateDied(1, "killed by SIGSEGV"), 62.0)
        assert facts(died, "template.died")["status"] == "killed by SIGSEGV"

    def test_worker_that_is_never_ready_is_shown_and_killed(self):
        fleet = loaded(terms=STRICT)
        assert deeds(fleet.handle(Tick(), 60.0)) == [AskStacks(1)]
        assert deeds(fleet.handle(Tick(), 60.5)) == [Signal(1, SIGKILL)]
        assert births(fleet.handle(WorkerExited(1, KILLED), 60.6)) == [2]

    def test_worker_that_is_ready_at_the_last_moment_serves(self):
        fleet = loaded(terms=STRICT)
        fleet.handle(Tick(), 60.0)
        assert AnnounceReady() in fleet.handle(WorkerReady(1), 60.4)
        assert deeds(fleet.handle(Tick(), 61.0)) == []

    def test_template_that_does_not_fork_any_more_is_replaced(self):
        """It was stopped, or a lock of the project holds it."""
        fleet = serving(terms=STRICT)
        assert births(fleet.handle(WorkerExited(1, KILLED), 100.0)) == [2]
        assert deeds(fleet.handle(Tick(), 160.0)) == [AskTemplateStacks(1)]
        assert deeds(fleet.handle(Tick(), 160.5)) == [Abandon(2), KillTemplate(1)]
        assert deeds(fleet.handle(TemplateDied(1, KILLED), 160.6)) == [StartTemplate(1)]
        assert births(fleet.handle(TemplateLoaded(1), 161.0)) == [3]


class TestThreads:
    """A project that starts threads while it is imported: no worker can be forked from that process."""

    def test_template_is_started_anew_without_the_project_in_it(self):
        fleet = started(2)
        assert deeds(fleet.handle(TemplateUnfit(1), 1.0)) == []
        assert deeds(fleet.handle(TemplateDied(1, "exit status 0"), 1.1)) == [StartTemplate(1, preload=False)]
        assert births(fleet.handle(TemplateLoaded(1), 1.2)) == [1, 2]

    def test_one_that_stays_is_killed(self):
        fleet = started()
        fleet.handle(TemplateUnfit(1), 1.0)
        assert deeds(fleet.handle(Tick(), 2.0)) == [KillTemplate(1)]
        assert deeds(fleet.handle(TemplateDied(1, KILLED), 2.1)) == [StartTemplate(1, preload=False)]

    def test_its_successor_may_die_and_fail_like_any_other(self):
        fleet = started()
        fleet.handle(TemplateUnfit(1), 1.0)
        fleet.handle(TemplateDied(1, "exit status 0"), 1.1)
        (end,) = deeds(fleet.handle(TemplateDied(1, "killed by SIGSEGV"), 1.2))
        assert end.status == 3

    def test_stop_meanwhile(self):
        fleet = started()
        fleet.handle(TemplateUnfit(1), 1.0)
        fleet.handle(StopAsked(graceful=True), 1.05)
        assert deeds(fleet.handle(TemplateDied(1, "exit status 0"), 1.1)) == [Exit(0)]


class TestWorkersThatLoadTheProject:
    """Without preload it is a worker that says that the project does not load."""

    def test_ends_the_start(self):
        fleet = loaded(2)
        failed = fleet.handle(WorkerFailed(1, "SyntaxError", "Traceback"), 1.0)
        assert deeds(failed) == [TellDrain(1, 0.0, last=True), TellDrain(2, 0.0, last=True), EndTemplate(1)]
        fleet.handle(WorkerExited(1, "exit status 1"), 1.1)
        fleet.handle(WorkerExited(2, "exit status 0"), 1.1)
        assert deeds(fleet.handle(TemplateDied(1, "exit status 0"), 1.2)) == [Exit(3, "SyntaxError", "Traceback")]

    def test_later_it_is_told_and_tried_again(self):
        fleet = serving(2)
        fleet.handle(WorkerExited(1, KILLED), 50.0)
        fleet.handle(WorkerSpawned(3, 1003), 50.1)
        failed = fleet.handle(WorkerFailed(3, "SyntaxError", "Traceback"), 50.2)
        assert facts(failed, "worker.cannot_load")["traceback"] == "Traceback"
        assert deeds(failed) == []
        assert births(fleet.handle(WorkerExited(3, "exit status 1"), 50.3)) == []
        assert births(fleet.handle(Tick(), fleet.deadline())) == [4]


class TestLeftAlone:
    """Processes that survive SIGKILL hang in the kernel, and may end much later."""

    def test_template(self):
        fleet = serving()
        fleet.handle(TemplateLost(1), 5.0)
        fleet.handle(Tick(), 6.0)
        fleet.handle(StopAsked(graceful=False), 7.0)
        fleet.handle(WorkerExited(1, "exit status 0"), 7.1)
        assert Exit(0) in fleet.handle(Tick(), 12.0)
        assert fleet.handle(TemplateDied(1, KILLED), 13.0) == []

    def test_template_whose_successor_waits(self):
        fleet = serving()
        fleet.handle(TemplateDied(1, KILLED), 4.0)
        fleet.handle(TemplateLost(1), 5.0)
        fleet.handle(Tick(), 6.0)
        assert said(fleet.handle(Tick(), 11.0)) == ["template.died"]
        assert fleet.handle(TemplateDied(1, KILLED), 11.01) == []
        assert deeds(fleet.handle(Tick(), fleet.deadline())) == [StartTemplate(1)]

    def test_worker(self):
        fleet = serving()
        fleet.handle(WorkerLost(1), 5.0)
        fleet.handle(Tick(), 6.0)
        fleet.handle(Tick(), 11.0)
        assert fleet.handle(WorkerExited(1, KILLED), 60.0) == []
