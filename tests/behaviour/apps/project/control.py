"""The suite's hold on the project."""

import threading

from django.http import HttpResponse, JsonResponse
from django.urls import path

from project.journal import entries, gates


def journal(request):
    return JsonResponse(list(entries[request.GET["of"]]), safe=False)


def open_gate(request):
    gates[request.GET["of"]].set()
    return HttpResponse("")


def census(request):
    return JsonResponse(sorted(thread.name for thread in threading.enumerate()), safe=False)


def bad_request(request, exception):
    return HttpResponse(f"own 400: {exception}", status=400)


def not_found(request, exception):
    if "explode" in request.GET:
        raise RuntimeError("the handler of 404 failed")
    return HttpResponse(f"own 404: {type(exception).__name__}", status=404)


urlpatterns = [path("journal", journal), path("open", open_gate), path("census", census)]
