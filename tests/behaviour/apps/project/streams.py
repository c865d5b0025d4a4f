"""Streams of both kinds from views of both kinds."""

import tempfile

from asgiref.sync import sync_to_async
from django.http import FileResponse, StreamingHttpResponse

from project.both import both
from project.journal import gates, note, passed
from project.models import Word

views = []
PIECE = b"p" * 65536


class Sync:
    """An iterator that notes what becomes of it."""

    def __init__(self, request):
        self.request = request
        self.made = 0

    def __iter__(self):
        return self

    def __next__(self):
        how = self.request.GET.get("how", "")
        self.made += 1
        if how == "endless":
            note(self.request, "piece")
            return PIECE
        if self.made == 1:
            return b"first "
        if how == "gated" and self.made == 2:
            gates[self.request.GET["gate"]].wait(20)
        if how == "raises":
            raise ValueError("the stream failed")
        if self.made > 2:
            raise StopIteration
        return b"second"

    def close(self):
        note(self.request, "closed")


async def pieces(request):
    how = request.GET.get("how", "")
    try:
        while how == "endless":
            note(request, "piece")
            yield PIECE
        yield b"first "
        if how == "gated":
            await passed(request.GET["gate"])
        if how == "raises":
            raise ValueError("the stream failed")
        if how == "data":
            yield str(await Word.objects.acount()).encode()
            yield str(await sync_to_async(Word.objects.count)()).encode()
        yield b"second"
    finally:
        note(request, "closed")


@both(views)
def sync_stream(request):
    return StreamingHttpResponse(Sync(request))


@both(views)
def async_stream(request):
    return StreamingHttpResponse(pieces(request))


@both(views)
def file(request):
    held = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    held.write(b"f" * int(request.GET["size"]))
    held.seek(0)
    response = FileResponse(held, filename="a.bin")
    response._resource_closers.append(lambda: note(request, "closed" if held.closed else "not closed"))
    return response
