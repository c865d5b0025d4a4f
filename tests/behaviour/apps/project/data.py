"""Views that use the database."""

import threading

from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse

from project.both import only
from project.models import Word

views = []


@only(views, "sync")
def add_word(request):
    Word.objects.create(text=request.GET["text"])
    if "fail" in request.GET:
        raise ValueError("after the word was added")
    return HttpResponse(str(connection.in_atomic_block))


@only(views, "async")
async def add_word(request):  # noqa: F811
    await Word.objects.acreate(text=request.GET["text"])
    return HttpResponse("added")


@only(views, "async")
async def loose_word(request):
    await Word.objects.acreate(text=request.GET["text"])
    if "fail" in request.GET:
        raise ValueError("after the word was added")
    return HttpResponse("added")


loose_word = transaction.non_atomic_requests(loose_word)
views[-1] = ("async", "loose_word", loose_word)


@only(views, "sync")
def words(request):
    return JsonResponse(list(Word.objects.values_list("text", flat=True)), safe=False)


@only(views, "async")
async def words(request):  # noqa: F811
    return JsonResponse([word.text async for word in Word.objects.all()], safe=False)


@only(views, "async")
async def same_connection(request):
    """All thread-sensitive functions of a request see one connection, whatever thread they run in."""

    def look():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return id(connection.connection)

    seen = [await sync_to_async(look)() for _ in range(5)]
    return JsonResponse(seen, safe=False)


@only(views, "async")
async def at_once(request):
    """Thread-sensitive functions started together: one after the other."""
    import asyncio

    running, most = 0, 0
    lock = threading.Lock()

    def work():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        with lock:
            running -= 1
        return id(connection.connection)

    seen = await asyncio.gather(*(sync_to_async(work)() for _ in range(20)))
    return JsonResponse({"connections": len(set(seen)), "at once": most})


@only(views, "sync")
def through_async(request):
    """A sync view, its coroutine, and the ORM in there: the view's own connection and thread."""

    def look():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return id(connection.connection), threading.get_ident()

    here = look()
    there = async_to_sync(sync_to_async(look))()
    return JsonResponse({"same": here == there})
