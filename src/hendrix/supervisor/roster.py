"""All workers, and what can be asked of them: who fills which place, who serves, who replaces whom. Pure.

Every worker has a *place*: 0, 1 ... for the web, -1, -2 ... for tasks. In each generation a place is filled by one
worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hendrix.supervisor.entries import State, Worker


class Roster(dict[int, Worker]):
    """Worker id -> worker."""

    def enlist(self, place: int, generation: int, now: float, number: int) -> Worker:
        """A new row for worker ``number``."""
        self[number] = Worker(number, place, generation, born=now, since=now, heard=now)
        return self[number]

    def of(self, generation: int) -> Iterator[Worker]:
        """The workers of one generation."""
        return (worker for worker in self.values() if worker.generation == generation)

    def vacant(self, generation: int, places: Sequence[int]) -> list[int]:
        """Those of ``places`` that no worker of the generation fills or is about to fill."""
        taken = {worker.place for worker in self.of(generation) if _occupies(worker)}
        return [place for place in places if place not in taken]

    def serving(self, generation: int, places: Sequence[int]) -> bool:
        """Whether each of ``places`` has a worker of the generation that is ready."""
        ready = {worker.place for worker in self.of(generation) if _serves(worker)}
        return ready.issuperset(places)

    def successor(self, worker: Worker, generation: int) -> Worker | None:
        """The ready worker of ``generation`` that makes this one superfluous, if it is meant to be replaced."""
        if worker.state is not State.RETIRING and worker.generation == generation:
            return None
        rivals = (other for other in self.of(generation) if other.place == worker.place)
        return next((other for other in rivals if _serves(other)), None)


def _serves(worker: Worker) -> bool:
    # One with a deadline is frozen, or its channel is lost: nobody is to leave for its sake.
    return worker.state is State.READY and worker.deadline is None


def _occupies(worker: Worker) -> bool:
    # One that was killed without being told is as good as dead, but its death must be counted first.
    return worker.state in (State.STARTING, State.READY, State.KILLED) and not worker.told
