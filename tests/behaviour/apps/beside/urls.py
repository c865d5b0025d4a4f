"""What the project itself answers, some of it close to where resources are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import re_path


def told(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Django has {request.path}")


urlpatterns = [re_path("", told)]
