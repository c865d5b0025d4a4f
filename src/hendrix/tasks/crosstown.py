"""``@crosstown_traffic``: the old Hendrix's way to say that a function follows the response."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

from hendrix.core.errors import NoResponse
from hendrix.tasks import duties, requests
from hendrix.tasks.after_response import begin
from hendrix.tasks.duty import Duty, on_a_loop
from hendrix.tasks.statuses import statuses

NO_GO = ("5xx", "4xx")


class CrosstownTraffic:
    """The decorator with its options.

    A function that is defined in a view, and needs no arguments, follows the response from where it is decorated. One
    of a module, or one that needs arguments, follows the response of each request that calls it.
    """

    def __init__(
        self,
        threadpool: Any = None,
        reactor: Any = None,
        same_thread: bool = False,
        no_go_status_codes: Iterable[int | str] | None = NO_GO,
        fail_without_response: bool = False,
        block_without_response: bool = True,
        always_spawn_worker: bool = False,
    ) -> None:
        self.threadpool = threadpool
        self.reactor = reactor
        self.same_thread = same_thread
        self.no_go_status_codes = list(NO_GO if no_go_status_codes is None else no_go_status_codes)
        self.fail_without_response = fail_without_response
        self.block_without_response = block_without_response
        self.always_spawn_worker = always_spawn_worker
        self._skip = statuses(self.no_go_status_codes)
        self.crosstown_task: Callable[..., Any] | None = None
        #: The old names, for those who ask beforehand.
        self.status_code: int | None = None
        self.no_go = False

    def __call__(self, crosstown_task: Callable[..., Any]) -> Callable[..., Any]:
        self.crosstown_task = crosstown_task
        if _waits_for_calls(crosstown_task):

            @functools.wraps(crosstown_task)
            def call(*args: Any, **named: Any) -> None:
                self._follow(self._duty(crosstown_task, args, named))

            return call
        self._follow(self._duty(crosstown_task, (), {}))
        return crosstown_task

    def run(self, threadpool: Any = None) -> None:
        """Now, as the options say, unless it is no go."""
        if self.no_go or self.crosstown_task is None:
            return
        duty = self._duty(self.crosstown_task, (), {}, threadpool)
        if duty.here and not on_a_loop():
            duty.call()
        else:
            begin(duty)

    def check_status_code_against_no_go_list(self) -> None:
        """Set ``no_go`` by ``status_code``."""
        if self.status_code in self._skip:
            self.no_go = True

    def responseless_fallback(self, crosstown_task: Callable[[], Any]) -> None:
        """There is no response that could be followed."""
        self._fall_back(self._duty(crosstown_task, (), {}))

    def _duty(
        self, task: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any], threadpool: Any = None
    ) -> Duty:
        pool = threadpool or self.threadpool or self.reactor
        here = self.same_thread and not self.always_spawn_worker
        return Duty(task, args, named, skip=self._skip, here=here, spawn=None if here else _spawning(pool))

    def _follow(self, duty: Duty) -> None:
        requests.notice()
        if not self.no_go and not duties.add(duty):
            self._fall_back(duty)

    def _fall_back(self, duty: Duty) -> None:
        known = duties.current.get()
        if known is not None:
            begin(duty)  # it has been sent
        elif self.fail_without_response:
            raise NoResponse(f"{duty.name} follows a response, and there is none (fail_without_response)")
        elif self.block_without_response and not self.always_spawn_worker and not _would_block_loop(duty):
            duty.call()
        else:
            begin(duty)


def _spawning(pool: Any) -> Callable[[Callable[[], object]], object] | None:
    return None if pool is None else pool.callInThread


def _would_block_loop(duty: Duty) -> bool:
    return on_a_loop() and inspect.iscoroutinefunction(duty.function)


def _waits_for_calls(task: Callable[..., Any]) -> bool:
    """Is it a function of a module, or does it need arguments?"""
    if "<locals>" not in getattr(task, "__qualname__", "<locals>"):
        return True
    try:
        inspect.signature(task).bind()
    except TypeError:
        return True
    except ValueError:
        pass  # one in C that does not tell
    return False


class Door:
    """``crosstown_traffic`` itself: with parentheses and options, or without."""

    def __init__(self) -> None:
        #: In place of ``CrosstownTraffic``, for tests.
        self.decorator: type[CrosstownTraffic] | None = None

    def __call__(self, *args: Any, **options: Any) -> Any:
        """A decorator, or what it makes of the one function that is given."""
        made = self.decorator or CrosstownTraffic
        if len(args) == 1 and not options and callable(args[0]):
            return made()(args[0])
        return made(*args, **options)


crosstown_traffic = Door()
