"""Twisted from Django's views, sync and async: Deferreds, threads, processes; and no connection is left behind."""

import contextlib
import os
import signal

import pytest

from tests.kit.live import until
from tests.kit.postgres import Unavailable, postgres

TWISTED_VIEWS = '''
import asyncio
import sys
import threading

from django.db import connection
from django.http import HttpResponse, JsonResponse
from twisted.internet import defer, protocol, reactor, task, threads
from twisted.python.threadable import isInIOThread

LOOP = []
reactor.callWhenRunning(lambda: LOOP.append(threading.get_ident()))


def where():
    return "loop" if threading.get_ident() == LOOP[0] else threading.current_thread().name


@defer.inlineCallbacks
def journey(told):
    told.append(where())
    told.append((yield threads.deferToThread(where)))
    yield task.deferLater(reactor, 0.01, lambda: None)
    told.append(where())
    return told


def sync_blocking(request):
    return JsonResponse(threads.blockingCallFromThread(reactor, journey, [where()]), safe=False)


async def async_awaits(request):
    loop = asyncio.get_running_loop()
    return JsonResponse(await journey([where()]).asFuture(loop), safe=False)


def sync_call_from_thread(request):
    done, told = threading.Event(), []
    reactor.callFromThread(lambda: (told.append(where()), told.append(isInIOThread()), done.set()))
    done.wait(10)
    return JsonResponse(told, safe=False)


def sync_call_in_thread(request):
    done, told = threading.Event(), []
    reactor.callFromThread(reactor.callInThread, lambda: (told.append(where()), done.set()))
    done.wait(10)
    return JsonResponse(told, safe=False)


async def async_call_in_thread(request):
    done, told = asyncio.Event(), []
    reactor.callInThread(lambda: (told.append(where()), reactor.callFromThread(done.set)))
    await asyncio.wait_for(done.wait(), 10)
    return JsonResponse(told, safe=False)


def fails():
    raise LookupError("not found")


def sync_failure(request):
    try:
        threads.blockingCallFromThread(reactor, threads.deferToThread, fails)
    except LookupError as error:
        return JsonResponse([str(error)], safe=False)


async def async_failure(request):
    try:
        await threads.deferToThread(fails).asFuture(asyncio.get_running_loop())
    except LookupError as error:
        return JsonResponse([str(error)], safe=False)


async def async_cancelled(request):
    """What the client leaves behind cancels the Deferred."""
    cancelled = defer.Deferred(lambda deferred: open("cancelled", "w").close())
    open("waits", "w").close()
    await cancelled.asFuture(asyncio.get_running_loop())


class Child(protocol.ProcessProtocol):
    def __init__(self):
        self.out, self.ended = b"", defer.Deferred()

    def connectionMade(self):
        self.transport.write(b"in")
        self.transport.closeStdin()

    def outReceived(self, data):
        self.out += data

    def processEnded(self, reason):
        self.ended.callback([self.out.decode(), reason.value.exitCode])


def run_child(code):
    child = Child()
    reactor.spawnProcess(child, sys.executable, [sys.executable, "-c", code], {})
    return child.ended


CODE = "import sys; print(sys.stdin.read() + 'out', end=''); sys.exit(7)"


def sync_process(request):
    return JsonResponse(threads.blockingCallFromThread(reactor, run_child, CODE), safe=False)


async def async_process(request):
    many = defer.gatherResults([run_child(CODE) for _ in range(5)])
    found = await many.asFuture(asyncio.get_running_loop())
    assert all(one == found[0] for one in found)
    return JsonResponse(found[0], safe=False)


async def async_many(request):
    children = [Child() for _ in range(40)]
    for child in children:
        reactor.spawnProcess(child, "/bin/true", ["true"], {})
    found = await defer.gatherResults([child.ended for child in children]).asFuture(asyncio.get_running_loop())
    return JsonResponse(len(found), safe=False)


def query(*_):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), pg_sleep(0.01)")
        return cursor.fetchone()[0]


def queries():
    return defer.gatherResults([threads.deferToThread(query) for _ in range(30)])


def sync_queries(request):
    return JsonResponse(threads.blockingCallFromThread(reactor, queries), safe=False)


async def async_queries(request):
    return JsonResponse(await queries().asFuture(asyncio.get_running_loop()), safe=False)


def left_open(*_):
    from django.db import transaction

    transaction.set_autocommit(False)
    return query()


def sync_left_open(request):
    return HttpResponse(threads.blockingCallFromThread(reactor, threads.deferToThread, left_open))


def sync_hangs(request):
    reactor.callFromThread(reactor.callInThread, threading.Event().wait)
    return HttpResponse("left")
'''
URLS = """
from django.urls import path

from site1 import twisted_views

urlpatterns = [path(name, view) for name, view in vars(twisted_views).items() if name[:5] in ("sync_", "async")
               and callable(view)]
"""


def with_views(project):
    project.write("twisted_views.py", TWISTED_VIEWS)
    project.write("urls.py", URLS)
    return project


def read(server, path):
    with server.client() as client:
        answer = client.get(f"/{path}")
        assert answer.status == 200, answer.text
        import json

        return json.loads(answer.body)


def test_from_views(project):
    pool, own = "PoolThread-twisted.internet.reactor-", "hendrix-"
    with with_views(project).serve() as server:
        for _ in range(2):
            first, *rest = read(server, "sync_blocking")
            assert first.startswith(own)
            assert [name.rstrip("0123456789") for name in rest] == ["loop", pool, "loop"]
            names = read(server, "async_awaits")
            assert [name.rstrip("0123456789") for name in names] == ["loop", "loop", pool, "loop"]
            assert read(server, "sync_call_from_thread") == ["loop", True]
            assert read(server, "sync_call_in_thread")[0].startswith(pool)
            assert read(server, "async_call_in_thread")[0].startswith(pool)
            assert read(server, "sync_failure") == read(server, "async_failure") == ["not found"]
    assert "Traceback" not in server.log()


def test_processes_are_seen_to_end(project):
    with with_views(project).serve() as server:
        for path in ("sync_process", "async_process", "sync_process"):
            assert read(server, path) == ["inout", 7]
        assert read(server, "async_many") == 40
        assert "Traceback" not in server.log(), "one whose pipes ended first was reaped twice"
        (worker,) = server.workers()
        children = f"/proc/{worker}/task/{worker}/children"
        with open(children) as file:
            assert file.read() == ""


def test_a_client_that_leaves_cancels_what_is_awaited(project):
    with with_views(project).serve() as server:
        client = server.client()
        client.begin("GET", "/async_cancelled")
        until((project.folder / "waits").exists, "the view to wait")
        client.close()
        until((project.folder / "cancelled").exists, "the Deferred to be cancelled")


def test_a_thread_that_hangs_does_not_hold_the_stop(project):
    with with_views(project).serve("--graceful-timeout", "5") as server, server.client() as client:
        assert client.get("/sync_hangs").text == "left"
    assert "threads.left_behind" in server.log()
    assert "worker.killed" not in server.log()


# --- databases ------------------------------------------------------------------------------------------------

psycopg = pytest.importorskip("psycopg")


@pytest.fixture(scope="module")
def cluster():
    try:
        with postgres() as folder:
            yield folder
    except Unavailable as reason:
        pytest.skip(str(reason))


@contextlib.contextmanager
def with_database(project, folder, age):
    """The server, and a function that gives process and state of each of its connections."""
    name = f"age {age}"
    options = {"application_name": name}
    facts = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres", "HOST": folder}
    project.add("settings.py", f"DATABASES = {{'default': {dict(facts, CONN_MAX_AGE=age, OPTIONS=options)!r}}}")

    def connections():
        with psycopg.connect(host=folder, user="postgres") as connection:
            wanted = "SELECT pid, state FROM pg_stat_activity WHERE application_name = %s"
            return connection.execute(wanted, [name]).fetchall()

    with with_views(project).serve() as server:
        yield server, connections
    until(lambda: not connections(), "the connections to end with the server")


@pytest.mark.parametrize("path", ["sync_queries", "async_queries"])
def test_no_connection_is_left_behind(project, cluster, path):
    with with_database(project, cluster, 0) as (server, connections):
        for _ in range(3):
            assert len(set(read(server, path))) == 30
        until(lambda: not connections(), "the connections to be closed")


def test_persistent_ones_belong_to_their_threads(project, cluster):
    with with_database(project, cluster, None) as (server, connections):
        seen = {pid for _ in range(3) for path in ("sync_queries", "async_queries") for pid in read(server, path)}
        assert 1 < len(seen) <= 10
        assert {pid for pid, _ in connections()} == seen
        assert {state for _, state in connections()} == {"idle"}


def test_one_that_broke_is_replaced(project, cluster):
    with with_database(project, cluster, None) as (server, connections):
        read(server, "sync_queries")
        with psycopg.connect(host=cluster, user="postgres") as connection:
            for pid, _ in connections():
                connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        assert "error" not in server.log()

        def works():
            with server.client() as client:
                return client.get("/sync_queries").status == 200

        until(works, "queries to work again")


def test_a_transaction_left_open_ends_with_its_job(project, cluster):
    with with_database(project, cluster, None) as (server, connections):
        assert read(server, "sync_left_open")
        until(lambda: {state for _, state in connections()} <= {"idle"}, "no transaction to be open")


def test_a_reload_leaves_none_behind(project, cluster):
    with with_database(project, cluster, None) as (server, connections):
        before = set(read(server, "sync_queries"))
        os.kill(server.pid, signal.SIGHUP)
        server.await_log("reload.done")
        until(lambda: before.isdisjoint(pid for pid, _ in connections()), "the old worker's to be closed")
