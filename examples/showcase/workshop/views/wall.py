"""The wall: pictures that visitors hang up, served from MEDIA_URL as soon as they are there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ..forms import PictureForm
from ..models import Picture

SHOWN = 24


@require_http_methods(["GET", "HEAD", "POST"])
def wall(request: HttpRequest) -> HttpResponse:
    form = PictureForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        picture = form.save()
        messages.success(request, f"Thank you, {picture.name}. “{picture.title}” hangs on the wall.")
        return redirect("wall")
    return render(request, "workshop/wall.html", {"form": form, "pictures": Picture.objects.all()[:SHOWN]})
