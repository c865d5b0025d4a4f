"""Request bodies."""

import hashlib
import os

from django.http import HttpResponse, JsonResponse

from project.both import both

views = []


@both(views)
def body(request):
    return HttpResponse(hashlib.sha256(request.body).hexdigest())


@both(views)
def chunks(request):
    seen, count = hashlib.sha256(), 0
    while piece := request.read(10_000):
        seen.update(piece)
        count += 1
    return HttpResponse(f"{count} {seen.hexdigest()}")


@both(views)
def lines(request):
    return JsonResponse([line.decode() for line in request], safe=False)


@both(views)
def upload(request):
    found = request.FILES["file"]
    path = getattr(found, "temporary_file_path", lambda: "")()
    held = hashlib.sha256(found.read()).hexdigest()
    return JsonResponse({"name": found.name, "path": path, "there": bool(path and os.path.exists(path)), "hash": held})
