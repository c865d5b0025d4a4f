"""Database connections, watched: each belongs to one request at a time, and its state follows that request."""

import asyncio
import threading

from asgiref.sync import sync_to_async
from django.core.signals import request_finished
from django.db import connection, transaction
from django.db.backends.signals import connection_created
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.utils.deprecation import MiddlewareMixin

from project import current
from project.both import both, only
from project.journal import entries, note
from project.models import Word

views = []
_lock = threading.Lock()
_owners: dict[int, str] = {}
_running: dict[int, int] = {}


def watch():
    connection_created.connect(_created, weak=False)
    request_finished.connect(_finished, weak=False)


def _created(sender, connection, **_):
    if _guard in connection.execute_wrappers:
        return
    connection.execute_wrappers.append(_guard)
    close = connection._close

    def closed():
        # A pool may give it to another request at once.
        with _lock:
            _owners.pop(id(connection.connection), None)
        return close()

    connection._close = closed


def _guard(execute, sql, params, many, context):
    """Two threads in one connection, or two requests that are under way: neither may be."""
    raw, key = id(context["connection"].connection), current.key.get("")
    with _lock:
        if raw in _running:
            entries["shared"].append(f"by threads: {sql}")
        if key and _owners.setdefault(raw, key) != key:
            entries["shared"].append(f"by requests {_owners[raw]} and {key}: {sql}")
        _running[raw] = threading.get_ident()
    try:
        return execute(sql, params, many, context)
    finally:
        with _lock:
            _running.pop(raw, None)


def _finished(**_):
    key = current.key.get("")
    with _lock:
        for raw in [raw for raw, owner in _owners.items() if owner == key]:
            del _owners[raw]


def tenant():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('project.tenant', true), pg_backend_pid()")
        return cursor.fetchone()


class Tenant(MiddlewareMixin):
    """State in the connection, like the schema of a tenant."""

    def process_request(self, request):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('project.tenant', %s, false)", [request.GET.get("tenant", "none")])

    def process_response(self, request, response):
        if response.status_code == 200 and not response.streaming:
            response.headers["X-Tenant"] = tenant()[0]
        return response


@only(views, "sync")
def pid(request):
    return HttpResponse(str(tenant()[1]))


@only(views, "async")
async def pid(request):  # noqa: F811
    return HttpResponse(str((await sync_to_async(tenant)())[1]))


@only(views, "sync")
def tenants(request):
    return JsonResponse([tenant()[0] for _ in range(5)], safe=False)


@only(views, "async")
async def tenants(request):  # noqa: F811
    seen = []
    for _ in range(5):
        seen.append((await sync_to_async(tenant)())[0])
        await asyncio.sleep(0.001)
        await Word.objects.acount()
    seen += [found[0] for found in await asyncio.gather(*(sync_to_async(tenant)() for _ in range(5)))]
    return JsonResponse(seen, safe=False)


@only(views, "async")
async def transaction_over_pauses(request):
    """A transaction that the view holds while others run."""

    def begin():
        transaction.set_autocommit(False)
        Word.objects.create(text=request.GET["text"])

    def end():
        transaction.rollback()
        transaction.set_autocommit(True)

    await sync_to_async(begin)()
    for _ in range(3):
        await asyncio.sleep(0.005)
        assert await Word.objects.filter(text=request.GET["text"]).acount() == 1
    if "leave" in request.GET:
        raise ValueError("left in a transaction")
    await sync_to_async(end)()
    return HttpResponse(str(await Word.objects.filter(text=request.GET["text"]).acount()))


@only(views, "sync")
def in_autocommit(request):
    return HttpResponse(str(connection.get_autocommit()))


@both(views)
def long_stream(request):
    """After the middleware has used the database."""

    async def pieces():
        yield b"first "
        note(request, "streams")
        while "stop" not in entries[request.GET["gate"]]:
            await asyncio.sleep(0.005)
        yield str(await Word.objects.acount()).encode()

    return StreamingHttpResponse(pieces())


@only(views, "sync")
def stop(request):
    entries[request.GET["gate"]].append("stop")
    return HttpResponse("")
