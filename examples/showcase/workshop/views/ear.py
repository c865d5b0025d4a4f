"""The ear: a recording is handed in, a task hears it, and the page shows how far it is."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

import hendrix
from hendrix.django.topics import TopicStream
from hendrix.hub.message import HubError

from .. import tasks
from ..ear import own, owner
from ..forms import RecordingForm
from ..models import Recording

SHOWN = 8
KEPT = 500  # recordings in the books
UNHEARD = timedelta(days=1)  # then a recording is given up


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ear(request: HttpRequest) -> HttpResponse:
    form = RecordingForm(request.POST or None, request.FILES or None, mine=own(request))
    if request.method == "POST" and form.is_valid():
        return redirect(_take(form, owner(request)))
    return render(request, "workshop/ear.html", {"form": form, "mine": own(request)[:SHOWN]})


@never_cache
def recording(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How far it is: what was told so far, and the id from which the browser goes on."""
    told, since = _told(f"ear.{pk}")  # first: what is told after this reaches the browser, and what is heard is below
    row = get_object_or_404(own(request), pk=pk)
    state = {"told": [{"heard": row.heard}] if row.heard else told, "since": since, "topic": row.topic}
    return render(request, "workshop/recording.html", {"recording": row, "state": state, "so_far": len(told)})


def events(request: HttpRequest, pk: UUID) -> TopicStream:
    """The same as the socket, for browsers that get none."""
    row = get_object_or_404(own(request), pk=pk)
    return TopicStream(request, row.topic)


def _take(form: RecordingForm, mine: str) -> Recording:
    """Into the books and into the queue, both or neither."""
    _clear()
    row = form.save(commit=False)
    row.owner = mine
    try:
        with transaction.atomic():
            row.save()
            tasks.listen.enqueue(str(row.pk))
            transaction.on_commit(partial(tasks.tell, row, {"waits": True}))
    except BaseException:
        row.file.delete(save=False)
        raise
    return row


def _clear() -> None:
    """What is too much, or was never heard, goes, with its file."""
    surplus = list(Recording.objects.values_list("pk", flat=True)[KEPT : KEPT + 100])
    too_old = Recording.objects.filter(heard__isnull=True, created__lt=timezone.now() - UNHEARD)
    for row in [*Recording.objects.filter(pk__in=surplus), *too_old]:
        row.file.delete(save=False)
        row.delete()


def _told(topic: str) -> tuple[list[object], str]:
    try:
        messages = hendrix.history(topic, tasks.KEEP.last)
    except HubError:
        return [], ""
    return [message.data for message in messages], str(messages[-1].id) if messages else ""
