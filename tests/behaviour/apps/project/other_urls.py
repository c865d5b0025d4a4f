"""Where middleware sends requests to."""

from django.http import HttpResponse
from django.urls import path, reverse


def place(request):
    return HttpResponse("elsewhere " + reverse("place"))


async def async_place(request):
    return HttpResponse("elsewhere " + reverse("place"))


def missing(request, exception):
    return HttpResponse("missing elsewhere", status=404)


urlpatterns = [path("sync/hello", place, name="place"), path("async/hello", async_place)]
handler404 = missing
