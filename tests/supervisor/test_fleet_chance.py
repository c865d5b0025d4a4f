"""The fleet table in any order of events: it always ends at full strength of one generation, and forgets nobody.

``World`` is the system as the table sees it: processes come, live and go as it asks, and also as chance wills. At
every step it is checked that the table does nothing that a table must not do.
"""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from hendrix.supervisor.entries import State, TemplateState
from hendrix.supervisor.fleet import Fleet, Phase
from hendrix.supervisor.moves import (
    Abandon,
    AnnounceReady,
    AskStacks,
    AskTemplateStacks,
    BeginReload,
    CloseDoors,
    EndReload,
    EndTemplate,
    Exit,
    KillTemplate,
    Overslept,
    Promoted,
    ReloadAsked,
    ReloadRefused,
    Report,
    Resized,
    Signal,
    SpawnWorker,
    StartTemplate,
    StopAsked,
    TellDrain,
    TellLeave,
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
from tests.kit.whole import EVERYTHING
from tests.supervisor.fleets import KILLED, pid_of

FEWER = 1 if EVERYTHING else 4


class Process:
    """A template or worker. ``leaving``: it was told or killed, and will end when the world has it end."""

    def __init__(self, generation, preload=True):
        self.generation = generation
        self.preload = preload
        self.leaving = False
        self.killed = False
        self.ready = False
        self.abandoned = False


class World:
    """Processes as the fleet asks for them."""

    def __init__(self, count, terms):
        self.fleet = Fleet(count, terms)
        self.size = count
        self.now = 0.0
        self.templates = {}
        self.workers = {}
        self.asked, self.outcomes = 0, []
        self.exits = []
        self.announced = 0
        self.exact = True  # no worker has died or been resized away since the reload began
        self.floor = 0
        self.tell(ReloadAsked())

    # --- what the table is told ---------------------------------------------------------------------------

    def tell(self, event):
        if self.exits:
            return
        for action in self.fleet.handle(event, self.now):
            self.do(action)
        self.check()

    def template_ends(self, generation):
        """Its unborn workers never come to life."""
        del self.templates[generation]
        self.tell(TemplateDied(generation, KILLED))

    def worker_ends(self, number):
        if not self.workers[number].leaving:
            self.exact = False
        del self.workers[number]
        self.tell(WorkerExited(number, KILLED))

    def worker_ready(self, number):
        self.workers[number].ready = True
        self.tell(WorkerSpawned(number, pid_of(number)))
        self.tell(WorkerReady(number))

    # --- what it does -------------------------------------------------------------------------------------

    def do(self, action):
        match action:
            case BeginReload(generation):
                assert generation == self.fleet.last_generation
                self.exact, self.floor = True, self.ready_workers()
            case StartTemplate(generation, preload):
                survivor = self.templates.get(generation)  # of SIGKILL: it is left alone
                assert survivor is None or survivor.killed, "a second template of one generation"
                self.templates[generation] = Process(generation, preload)
            case EndTemplate(generation) | KillTemplate(generation):
                self.templates[generation].leaving = True
                self.templates[generation].killed |= isinstance(action, KillTemplate)
            case AskTemplateStacks(generation):
                assert generation in self.templates
            case SpawnWorker(worker, generation):
                assert worker not in self.workers, "a number was used twice"
                assert not self.templates[generation].leaving, "asked of one that leaves"
                self.workers[worker] = Process(generation)
            case TellDrain(worker):
                self.check_drain(worker)
                self.workers[worker].leaving = True
            case Signal(worker):
                self.workers[worker].leaving = self.workers[worker].killed = True
                self.exact = False
            case AskStacks(worker):
                assert worker in self.workers
            case Abandon(worker):
                # Its channel is closed: if it lives at all, it leaves, and nobody hears of it.
                del self.workers[worker]
                self.exact = False
            case AnnounceReady():
                self.announced += 1
            case Promoted(generation):
                assert all(
                    any(
                        w.place == place and w.generation == generation and w.state is State.READY for w in self.rows()
                    )
                    for place in range(self.fleet.count)
                ), "promoted before it was at full strength"
            case EndReload():
                self.outcomes.append(action)
            case Exit():
                self.exits.append(action)
            case TellLeave(worker):
                assert worker in self.workers
                assert not self.workers[worker].leaving, "told to leave, and then that it will be told"
            case CloseDoors():
                self.fleet_closes()
            case Report():
                pass
            case _:
                raise AssertionError(action)

    def fleet_closes(self):
        assert self.fleet.phase is not Phase.RUNNING, "it closes and goes on"

    def check_drain(self, number):
        """Nobody who serves is told to leave before another serves in its place."""
        row = self.fleet.workers.get(number)
        if row is None or row.closed:
            return  # abandoned in the same breath, or it has left by itself
        given_up = row.generation > self.fleet.generation
        if self.fleet.phase is not Phase.RUNNING or given_up or row.place >= self.fleet.count:
            return
        rivals = [w for w in self.rows() if w.place == row.place and w.id != number]
        assert any(w.state is State.READY and w.generation == self.fleet.generation for w in rivals), "a gap"

    def check(self):
        rows, fleet = self.rows(), self.fleet
        filling = [w for w in rows if w.state in (State.STARTING, State.READY) and not w.told]
        for generation in {w.generation for w in filling}:
            places = Counter(w.place for w in filling if w.generation == generation)
            assert all(number == 1 for number in places.values()), "two in one place"
        assert self.announced <= 1
        assert len(self.exits) <= 1
        assert set(fleet.workers) <= set(self.workers), "a row without a process"
        forgotten = [n for n in self.workers if n not in fleet.workers and not self.workers[n].killed]
        assert not forgotten, "a process without a row"
        assert all(p.killed for g, p in self.templates.items() if g not in fleet.templates), "a forgotten template"
        if fleet.phase is Phase.RUNNING and fleet.candidate and self.exact:
            assert self.ready_workers() >= min(self.floor, fleet.count), "fewer than before"
        if not self.exits:
            deadline = fleet.deadline()
            assert deadline is None or deadline > self.now, "it would turn without end"

    def rows(self):
        return self.fleet.workers.values()

    def ready_workers(self):
        return sum(w.state in (State.READY, State.RETIRING) for w in self.rows())

    # --- everything behaves -------------------------------------------------------------------------------

    def come_up(self, rounds=80):
        """Templates load, workers become ready and are heard, who was told leaves."""
        for _ in range(rounds):
            if self.exits:
                return
            self.now += 0.5
            self.tell(Tick())
            for generation, template in list(self.templates.items()):
                if template.leaving:
                    self.template_ends(generation)
                else:
                    self.tell(TemplateLoaded(generation))
            for number, worker in list(self.workers.items()):
                if number not in self.workers:
                    continue
                if worker.leaving:
                    self.worker_ends(number)
                elif not worker.ready:
                    self.worker_ready(number)
                else:
                    self.tell(WorkerHeard(number))

    def pass_time(self):
        deadline = self.fleet.deadline()
        self.now = max(self.now, deadline) if deadline is not None else self.now + 1.0
        self.tell(Tick())

    def is_whole(self):
        """One generation, all of it, and nothing else."""
        fleet = self.fleet
        assert fleet.candidate is None
        assert Counter((w.state, w.generation) for w in self.rows()) == {(State.READY, fleet.generation): self.size}
        assert [(t.generation, t.state) for t in fleet.templates.values()] == [
            (fleet.generation, TemplateState.LOADED)
        ]
        assert set(self.workers) == set(fleet.workers)
        assert set(self.templates) == set(fleet.templates)


CHANCES = [
    "tick", "ready", "spawned", "dies", "retires", "lost", "frozen", "fails", "drains", "overslept",
    "template dies", "template loads", "template fails", "template lost", "template unfit",
    "reload", "refused", "resize",
]  # fmt: skip


def torment(world, data):
    """A random thing happens."""
    kind = data.draw(st.sampled_from(CHANCES))
    world.now += data.draw(st.sampled_from([0.0, 0.05, 0.5, 1.0, 5.0, 12.0, 40.0, 70.0]))
    if kind.startswith("template"):
        torment_template(world, data, kind.removeprefix("template "))
    elif kind == "reload":
        world.tell(ReloadAsked())
    elif kind == "refused":
        world.tell(ReloadRefused("hendrix.toml: x"))
    elif kind == "overslept":
        world.tell(Overslept())
    elif kind == "resize":
        world.size = data.draw(st.integers(1, 5))
        world.exact = False
        world.tell(Resized(world.size))
    else:
        torment_worker(world, data, kind)


def torment_template(world, data, kind):
    if not world.templates:
        return
    generation = data.draw(st.sampled_from(sorted(world.templates)))
    if kind == "dies":
        world.template_ends(generation)
    elif kind == "unfit":
        if world.templates[generation].preload:
            world.templates[generation].leaving = True
            world.tell(TemplateUnfit(generation))
    elif kind == "fails":
        world.templates[generation].leaving = True
        world.tell(TemplateFailed(generation, "SyntaxError"))
    elif kind == "lost":
        world.tell(TemplateLost(generation))
    else:
        world.tell(TemplateLoaded(generation))


def torment_worker(world, data, kind):
    if not world.workers:
        world.tell(Tick())
        return
    number = data.draw(st.sampled_from(sorted(world.workers)))
    worker = world.workers[number]
    if kind == "dies":
        world.worker_ends(number)
    elif kind == "ready":
        if not worker.ready:
            world.worker_ready(number)
    elif kind == "spawned":
        world.tell(WorkerSpawned(number, pid_of(number)))
    elif kind == "fails":
        world.exact = False
        world.tell(WorkerFailed(number, "SyntaxError"))
    else:
        if kind == "drains" and not worker.leaving:
            world.exact = False
        event = {
            "retires": WorkerAsksRetire(number, "x"),
            "lost": WorkerLost(number),
            "drains": WorkerDraining(number),
        }
        world.tell(event.get(kind, WorkerHeard(number)))


counts = st.integers(1, 4)
terms = st.sampled_from(
    [
        Terms(30.0),
        Terms(30.0, start=60.0, silence=20.0, notice=10.0),
        Terms(0.5, start=2.0, silence=2.0),
    ]
)


class TestChance:
    @settings(max_examples=300)
    @given(counts, terms, st.data())
    def test_always_comes_back_to_full_strength_of_one_generation(self, count, terms, data):
        world = World(count, terms)
        world.come_up(5)
        assert world.announced == 1
        for _ in range(data.draw(st.integers(0, 50))):
            torment(world, data)
        world.come_up()
        world.is_whole()
        assert not world.exits

    @settings(max_examples=100)
    @given(counts, st.data())
    def test_patience_never_ends(self, count, data):
        """Development: whatever fails, the next reload that works brings all up."""
        world = World(count, Terms(30.0, start=60.0, silence=20.0, patient=True))
        for _ in range(data.draw(st.integers(0, 40))):
            torment(world, data)
        world.come_up()
        world.tell(ReloadAsked())
        world.come_up()
        world.is_whole()
        assert world.announced == 1

    @settings(max_examples=150)
    @given(counts, terms, st.data())
    def test_each_reload_has_one_outcome(self, count, terms, data):
        """Or is superseded by another that has one: nobody waits for ever."""
        world = World(count, terms)
        world.come_up(5)
        for _ in range(data.draw(st.integers(0, 30))):
            torment(world, data)
        world.tell(ReloadAsked())
        world.come_up()
        generations = [end.generation for end in world.outcomes]
        assert len(set(generations)) == len(generations)
        assert generations[-1] == world.fleet.last_generation
        assert world.outcomes[-1].ok

    @settings(max_examples=200)
    @given(counts, terms, st.booleans(), st.booleans(), st.data())
    def test_stop_always_ends(self, count, terms, graceful, obedient, data):
        world = World(count, terms)
        for _ in range(data.draw(st.integers(0, 40))):
            torment(world, data)
        world.tell(StopAsked(graceful))
        if obedient:
            for number in list(world.workers):
                world.worker_ends(number)
            for generation in list(world.templates):
                world.template_ends(generation)
        for _ in range(60):  # the disobedient are killed, and at last left alone
            if world.exits:
                break
            assert world.fleet.deadline() is not None, "it waits for ever"
            world.pass_time()
        assert len(world.exits) == 1
        told = [process for process in [*world.workers.values(), *world.templates.values()] if not process.killed]
        assert not told, "a process was left that was not even killed"
