"""A page that the server keeps: who asked first had it made, and everybody gets that until somebody throws it away."""

import os
import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt

from hendrix.cache import purge, tagged

SECONDS = 60
WORK = 0.5  # seconds that the page takes to make


@csrf_exempt  # its form must be in a page for everybody, and what it does harms nobody
@cache_control(max_age=0, s_maxage=SECONDS)
@tagged("tune")
def cached(request: HttpRequest) -> HttpResponse:
    """Takes half a second to make. A POST throws it away on all workers."""
    if request.method == "POST":
        purge(tags=["tune"])
        return redirect("cached")
    time.sleep(WORK)
    facts = {"made": timezone.now(), "pid": os.getpid(), "seconds": SECONDS, "work": WORK}
    return render(request, "workshop/cached.html", facts)
