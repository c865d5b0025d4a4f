"""One set of facts, as a page or as JSON."""

import os
import threading

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render


def answer(request: HttpRequest, template: str, facts: dict[str, object]) -> HttpResponse:
    """`facts` and who answers, as a page or, with `?format=json`, as JSON; never from a cache."""
    facts = {"pid": os.getpid(), "thread": threading.current_thread().name} | facts
    as_json = request.GET.get("format") == "json"
    response = JsonResponse(facts) if as_json else render(request, template, facts)
    response["Cache-Control"] = "no-store"
    return response
