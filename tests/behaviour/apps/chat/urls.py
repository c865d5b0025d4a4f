"""HTTP views of the Channels project."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path


def hello(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"user": str(request.user), "root": request.META["SCRIPT_NAME"], "method": request.method})


async def later(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("later")


def enter(request: HttpRequest) -> HttpResponse:
    call_command("migrate", verbosity=0)
    user, _ = User.objects.get_or_create(username="jimi")
    login(request, user)
    return HttpResponse("welcome")


def tell(_request: HttpRequest) -> HttpResponse:
    async_to_sync(get_channel_layer().group_send)("everywhere", {"type": "said", "words": "by a view"})
    return HttpResponse("told")


def upload(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


urlpatterns = [path("hello/", hello), path("later/", later), path("enter/", enter), path("upload/", upload)]
urlpatterns += [path("tell/", tell)]
