"""The repair bench: hand something in, get a ticket."""

from urllib.parse import quote

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods

import hendrix

from ..forms import RepairForm
from ..models import RepairRequest

SHOWN = 8


@require_http_methods(["GET", "HEAD", "POST"])
def repairs(request: HttpRequest) -> HttpResponse:
    form = RepairForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        ticket = form.save()
        hendrix.publish_on_commit("repairs", {"name": ticket.name, "instrument": ticket.instrument})
        messages.success(request, f"Thank you, {ticket.name}. Your {ticket.instrument} is on the bench.")
        return redirect(ticket)
    context = {"form": form, "latest": RepairRequest.objects.all()[:SHOWN]}
    return render(request, "workshop/repairs.html", context)


def repair(request: HttpRequest, pk: str) -> HttpResponse:
    """A ticket; whoever has its address may read it."""
    ticket = get_object_or_404(RepairRequest, pk=pk)
    return render(request, "workshop/repair.html", {"ticket": ticket})


@staff_member_required
def attachment(request: HttpRequest, pk: str) -> HttpResponse:
    """The attached file, for whoever works here: the view decides, and the server sends the file (`sendfile_root`)."""
    ticket = get_object_or_404(RepairRequest, pk=pk)
    if not ticket.attachment:
        raise Http404("Nothing was attached.")
    response = HttpResponse(headers={"X-Accel-Redirect": f"/cabinet/{quote(ticket.attachment.name)}"})
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=ticket.file_name)
    response["Cache-Control"] = "private, no-store"
    return response
