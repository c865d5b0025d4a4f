"""One view per workload."""

import time

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import etag

from .assets import page
from .models import Row

_ROWS = [
    {
        "id": number,
        "title": f"Row number {number}",
        "price": number * 1.25,
        "tags": ["one", "two"],
        "sold": None,
    }
    for number in range(100)
]


def hello(request: HttpRequest) -> HttpResponse:
    """Thirteen bytes of text."""
    return HttpResponse("Hello, world!", content_type="text/plain")


_PAGE = page()


@cache_control(max_age=3600)  # type: ignore[untyped-decorator]  # Django has no types here
@etag(lambda request: '"page"')  # type: ignore[untyped-decorator]
def cached(request: HttpRequest) -> HttpResponse:
    """Ten kilobytes of HTML that may be kept."""
    return HttpResponse(_PAGE)


def json(request: HttpRequest) -> HttpResponse:
    """Twenty rows."""
    return JsonResponse({"rows": _ROWS[:20]})


def template(request: HttpRequest) -> HttpResponse:
    """A table of a hundred rows."""
    return render(request, "rows.html", {"title": "Rows", "rows": _ROWS})


def orm(request: HttpRequest) -> HttpResponse:
    """One query, twenty objects, one line each."""
    lines = [f"{row.pk} {row.title} {row.price}" for row in Row.objects.order_by("pk")[:20]]
    return HttpResponse("\n".join(lines), content_type="text/plain")


def blocking(request: HttpRequest) -> HttpResponse:
    """Waits as for a slow service."""
    time.sleep(0.02)
    return HttpResponse("Hello, world!", content_type="text/plain")


@csrf_exempt  # type: ignore[untyped-decorator]  # Django has no types here
def upload(request: HttpRequest) -> HttpResponse:
    """Reads the whole body."""
    return HttpResponse(str(len(request.body)), content_type="text/plain")


def download(request: HttpRequest) -> FileResponse:
    """A file of ten megabytes."""
    return FileResponse((settings.STATE / "download.bin").open("rb"), content_type="application/octet-stream")
