"""For tests of views that use ``crosstown_traffic``: what would follow is kept, not run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hendrix.tasks.crosstown import CrosstownTraffic, crosstown_traffic
from hendrix.tasks.duty import Duty

__all__ = ["AsyncTestMixin", "crosstownTaskListDecoratorFactory"]

Task = Callable[..., Any]


def crosstownTaskListDecoratorFactory(list_to_populate: list[Task]) -> type[CrosstownTraffic]:
    """A class for ``crosstown_traffic.decorator`` that puts functions into the list."""

    class Listed(CrosstownTraffic):
        def _follow(self, duty: Duty) -> None:
            bound = duty.args or duty.named
            list_to_populate.append(partial(duty.function, *duty.args, **duty.named) if bound else duty.function)

    return Listed


class AsyncTestMixin:
    """Beside ``TestCase``, before it: ``recorded_tasks`` are those of this test."""

    recorded_tasks: list[Task]

    def setUp(self) -> None:
        """Keep what comes."""
        self.recorded_tasks = []
        self._given = 0
        self._decorator = crosstown_traffic.decorator
        crosstown_traffic.decorator = crosstownTaskListDecoratorFactory(self.recorded_tasks)
        super().setUp()  # type: ignore[misc]

    def tearDown(self) -> None:
        """As it was."""
        super().tearDown()  # type: ignore[misc]
        crosstown_traffic.decorator = self._decorator

    def next_task(self) -> Task:
        """The first that was not given yet. Raises ``StopIteration`` where there is none."""
        if self._given >= len(self.recorded_tasks):
            raise StopIteration("No more tasks.")
        self._given += 1
        return self.recorded_tasks[self._given - 1]

    def assertNumCrosstownTasks(self, num_tasks: int) -> None:
        """So many were recorded."""
        found = len(self.recorded_tasks)
        if found != num_tasks:
            raise AssertionError(f"{found} tasks were recorded, not {num_tasks}: {self.recorded_tasks}")
