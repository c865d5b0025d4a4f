"""The stock as JSON."""

from django.core.paginator import Paginator
from django.http import HttpRequest, JsonResponse
from django.urls import reverse

from ..models import Instrument

ROWS_PER_PAGE = 20


def instruments(request: HttpRequest) -> JsonResponse:
    """Twenty rows; `?page=` turns the pages."""
    page = Paginator(Instrument.objects.order_by("pk"), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    following = f"{request.path}?page={page.next_page_number()}" if page.has_next() else None
    return JsonResponse(
        {
            "count": page.paginator.count,
            "page": page.number,
            "pages": page.paginator.num_pages,
            "next": following,
            "results": [_as_json(instrument) for instrument in page],
        }
    )


def instrument(request: HttpRequest, pk: int) -> JsonResponse:
    found = Instrument.objects.filter(pk=pk).first()
    if found is None:
        return JsonResponse({"error": f"There is no instrument {pk}."}, status=404)
    return JsonResponse(_as_json(found) | {"description": found.description})


def _as_json(instrument: Instrument) -> dict[str, object]:
    return {
        "id": instrument.pk,
        "name": instrument.name,
        "kind": instrument.kind,
        "maker": instrument.maker,
        "year": instrument.year,
        "finish": instrument.finish,
        "condition": instrument.condition,
        "price_cents": instrument.price_cents,
        "in_stock": instrument.in_stock,
        "url": reverse("api-instrument", args=[instrument.pk]),
        "page": instrument.get_absolute_url(),
    }
