"""A Django project, sync and async views alike, each at its full speed.

A request is given to one thread, which runs middleware, the view if it is sync, and the middleware's way out. Only for
an async view does it come back to the loop, where the view is awaited with no thread held, and goes into a thread once
more to leave the middleware. Everything else is as in Django's own handlers: signals, exceptions, context variables.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, nullcontext
from functools import partial
from typing import Any, BinaryIO

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest, get_script_name
from django.core.signals import request_finished, request_started
from django.urls import set_script_prefix, set_urlconf

from hendrix.answer.belongings import Belongings, give_caches_away, keep_caches
from hendrix.answer.delivery import AHEAD, CHUNK_COST, Delivery, Parking, PeerGone
from hendrix.answer.django_handler import Handler
from hendrix.answer.environ import Environ, base_environ, build_environ, id_key
from hendrix.answer.failure import shed
from hendrix.answer.layers import Pause, here
from hendrix.answer.sync_threads import RequestThreads
from hendrix.answer.tasks import Tasks
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import Answer, Exchange
from hendrix.core.http import Origin, Request
from hendrix.tasks.contexts import rehome
from hendrix.tasks.duties import Duties, current

Build = Callable[[Request, Origin, BinaryIO, str], Environ]


def django(
    handler: Handler,
    threads: Parking,
    tasks: Tasks,
    *,
    multiprocess: bool,
    software: str,
    id_field: str,
    root_path: str = "",
    through: Callable[[Handler, Build, Parking, Tasks], Answer] | None = None,
) -> Answer:
    """The answer of the project behind ``handler``. ``id_field`` is the header that tells a request's id, and
    ``through`` another way than ``plain`` to see requests through."""
    base = base_environ(multiprocess=multiprocess, software=software, file_wrapper=None)
    del base["wsgi.file_wrapper"]
    base["SCRIPT_NAME"] = root_path
    build = partial(build_environ, base, id_key(id_field))
    return (through or plain)(handler, build, threads, tasks)


def plain(handler: Handler, build: Build, threads: Parking, tasks: Tasks) -> Answer:
    """Each request is a ``Call`` for a thread."""

    def answer(exchange: Exchange) -> None:
        def run(body: BinaryIO) -> None:
            if not threads.submit(Call(handler, build, exchange, body, threads, tasks)):
                shed(exchange)

        exchange.collect(run)

    return answer


#: Seconds that a peer which has closed its side is waited for by a coroutine.
_HALF_CLOSED = 0.5


def prepare_context(script_name: str) -> None:
    """What Django sets for each request. It is the same for all of a server: once for each thread does."""
    set_script_prefix(script_name if settings.FORCE_SCRIPT_NAME is None else settings.FORCE_SCRIPT_NAME)
    set_urlconf(settings.ROOT_URLCONF)


@asynccontextmanager
async def _closing(response: Any) -> AsyncIterator[None]:
    """The generator that the view has given is closed too, now and within the request, not when it is collected."""
    try:
        yield
    finally:
        close = getattr(getattr(response, "_iterator", None), "aclose", None)
        if close is not None:
            await close()


class Call(Delivery):
    """One request on its way through Django. Methods named ``_on_…`` are on the loop, the others in a thread."""

    __slots__ = (
        "_belongings",
        "_body",
        "_build",
        "_cancellable",
        "_context",
        "_half_closed",
        "_handler",
        "_has_threads",
        "_next",
        "_pause",
        "_request",
        "_stream",
        "_task",
        "_tasks",
    )

    def __init__(
        self,
        handler: Handler,
        build: Build,
        exchange: Exchange,
        body: BinaryIO,
        threads: Parking,
        tasks: Tasks,
    ) -> None:
        super().__init__(exchange, threads)
        self._handler = handler
        self._build = build
        self._body = body
        self._tasks = tasks
        #: What the next thread does; nothing for the first one.
        self._next: Callable[[], None] | None = None
        #: What the loop has to do before that: await the view, or send a stream.
        self._pause: Pause | None = None
        self._stream: Any = None
        self._task: asyncio.Task[Any] | None = None
        self._cancellable = False
        self._half_closed = False
        exchange.on_eof = self._on_eof
        #: Was it given threads for what its coroutines call?
        self._has_threads = False

    @property
    def view(self) -> str:
        """The name of the view, once Django has found one."""
        try:
            return self._request.resolver_match.view_name  # type: ignore[no-any-return]
        except AttributeError:
            return ""  # none was found, or not even looked for

    # --- in a thread ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """See ``Job.run``."""
        here.held = self.held
        try:
            if self._next is not None:
                step, self._next = self._next, None
                self._go_on(step)
            elif not self.exchange.gone:
                self._begin()
        except PeerGone:
            pass
        except BaseException as error:
            # SystemExit and the like end a request too, not the thread that serves others.
            self.fail(error)
        finally:
            here.held = nullcontext

    def _begin(self) -> None:
        """Each request has a context of its own, as it may go on in other threads."""
        context = self._context = contextvars.copy_context()
        try:
            context.run(self._enter)
        finally:
            if self._pause is None and self._stream is None:
                keep_caches(context)
            else:
                self._leave_thread()

    def _leave_thread(self) -> None:
        self._belongings = Belongings(lingers=self._stream is not None)
        self._belongings.depart()
        give_caches_away()
        self.threads.post(self._on_loop)

    def _go_on(self, step: Callable[[], None]) -> None:
        """In another thread than before."""
        belongings = self._belongings
        had = belongings.enter()
        try:
            self._context.run(self._rehomed, step)
        finally:
            if self._stream is None:
                belongings.stay(had)
                keep_caches(self._context)
            else:
                belongings.lingers = True
                belongings.leave(had)
                self.threads.post(self._on_loop)

    def _rehomed(self, step: Callable[[], None]) -> None:
        rehome()
        step()

    def _enter(self) -> None:
        current.set(Duties(True, self.exchange.request_id))
        request = self._request = self._started()
        try:
            found = self._handler.chain.enter(request)
        except BaseException as error:
            self._end_without_response(error)
            return
        if type(found) is Pause:
            self._pause = found
        else:
            self._deliver(found)

    def _started(self) -> Any:
        exchange = self.exchange
        environ = self._build(exchange.request, exchange.origin, self._body, exchange.request_id)
        if not self._handler.threads_are_prepared:
            prepare_context(get_script_name(environ))
        request_started.send(sender=type(self._handler), environ=environ)
        return WSGIRequest(environ)

    def _leave(self, pause: Pause) -> None:
        """The async view is over."""
        if isinstance(pause.outcome, BaseException) and not isinstance(pause.outcome, Exception):
            self._end_without_response(pause.taken())
        else:
            self._deliver(pause.leave(self._request))

    def _end_without_response(self, error: BaseException) -> None:
        """Cancelled, or one of those like SystemExit that no response is made of."""
        self._close(None)
        if not (isinstance(error, asyncio.CancelledError) and (self._gone or self.exchange.gone)):
            self.fail(error)

    def _deliver(self, response: Any) -> None:
        try:
            self._handler.completed(self._request, response)
            self.status = f"{response.status_code} {response.reason_phrase}"
            self.headers = [*response.items(), *(("Set-Cookie", c.OutputString()) for c in response.cookies.values())]
            response._handler_class = type(self._handler)
            if getattr(response, "streaming", None) is False:
                self.send_whole(response.content)
            elif getattr(response, "is_async", False):
                self._stream = response
                return
            elif (file := getattr(response, "file_to_stream", None)) is None or not self.send_file(file):
                self.stream(response)
        finally:
            if self._stream is None:
                self._close(response)

    def _close(self, response: Any) -> None:
        """Whatever happened: this is how Django learns that the request is over.

        Without a response the request itself is left open: a function that a cancelled view had called may still run
        in its thread, with the request's files.
        """
        try:
            if response is not None and hasattr(response, "close"):
                response.close()
                # The request itself is part of circles, and lives until they are found.
                self._body.close()
            else:
                request_finished.send(sender=type(self._handler))
        finally:
            if (duties := current.get()) is not None:
                self.end_duties(duties)

    # --- on the loop ---------------------------------------------------------------------------------------

    def _on_loop(self) -> None:
        """The request left its thread."""
        pause, response = self._pause, self._stream
        self._pause = self._stream = None
        self._context.run(rehome)
        if not self._has_threads:
            self._has_threads = True
            exchange = self.exchange
            threads = RequestThreads(self.threads, self._belongings, exchange.request, exchange.request_id)
            threads.install(self._context)
        if pause is not None:
            self._start(self._view(pause))
            return
        self._on_start()
        self._start(self._parts(response))

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.exchange.on_gone = self._on_gone
        self._task = self._tasks.start(coroutine, self._context, self)
        if self._half_closed:
            self._on_eof()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Around a coroutine that a thread waits for, as a sync middleware has it within: cancelled like others."""
        exchange = self.exchange
        self._task = asyncio.current_task()
        self._cancellable = True
        exchange.on_gone = self._on_gone
        if exchange.gone:
            self._on_gone()
        elif self._half_closed:
            self._on_eof()
        try:
            yield
        finally:
            exchange.on_gone = None
            self._task = None

    async def _view(self, pause: Pause) -> None:
        try:
            pause.outcome = await pause.start() if self._may_run() else asyncio.CancelledError()
        except BaseException as error:
            # SystemExit too: let out of a task it would end the loop.
            pause.outcome = error
        self._resume(partial(self._leave, pause))

    async def _parts(self, response: Any) -> None:
        try:
            if self._may_run() and not self._is_silent():
                async with _closing(response), aclosing(aiter(response)) as parts:
                    async for part in parts:
                        await self._sent(part)
            self._on_end()
        except BaseException as error:
            if not self._gone:
                self._on_broken_stream(error)
        self._resume(partial(self._close, response))

    async def _sent(self, part: bytes) -> None:
        """Away, and the peer is not far behind."""
        if not part:
            return
        self._ahead += len(part) + CHUNK_COST
        if not self.exchange.write(part):
            await self._drained()
        elif self._ahead > AHEAD:
            # A generator that awaits nothing must not keep the loop, which may have to learn that the peer is gone.
            self._ahead = 0
            await asyncio.sleep(0)

    def _may_run(self) -> bool:
        """First of all in a coroutine: one that is cancelled before would not even see that it is over."""
        self._cancellable = True
        return not (self._gone or self.exchange.gone)

    async def _drained(self) -> None:
        """Until the peer has caught up."""
        caught_up = asyncio.Event()
        self.exchange.on_drained = caught_up.set
        try:
            await caught_up.wait()
        finally:
            self.exchange.on_drained = None

    def _resume(self, step: Callable[[], None]) -> None:
        """Go on in a thread."""
        if self._task is not None:
            self._tasks.leave(self._task)
        self.exchange.on_gone = None
        self._task = None
        self._cancellable = False
        self._next = step
        self.threads.resume(self)

    def _on_broken_stream(self, error: BaseException) -> None:
        emit("application.failed", ERROR, request=self.describe(), id=self.exchange.request_id, exc=error)
        self._on_failure()

    def _on_eof(self) -> None:
        """The peer has closed its side. It may still want its answer, but it cannot be waited for whether it does."""
        self._half_closed = True
        if self._task is not None:
            self._tasks.loop.call_later(_HALF_CLOSED, self._on_nobody, self._task)

    def _on_nobody(self, task: asyncio.Task[Any]) -> None:
        if task is self._task:
            self.exchange.abort()

    def _on_gone(self) -> None:
        super()._on_gone()
        if self._task is not None and self._cancellable:
            self._task.cancel()
