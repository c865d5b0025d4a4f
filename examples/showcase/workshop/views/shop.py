"""The shop's own pages: home, catalogue, stock book and articles."""

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from ..models import Article, Instrument, Kind

CARDS_PER_PAGE = 24
ROWS_PER_PAGE = 100


def home(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "workshop/home.html",
        {
            "featured": Instrument.objects.filter(featured=True)[:6],
            "articles": Article.objects.all()[:3],
            "shelves": _shelves(),
            "total": Instrument.objects.count(),
        },
    )


def catalogue(request: HttpRequest) -> HttpResponse:
    """The stock as cards with drawings, 24 a page; `?q=` searches, `?kind=` picks one shelf."""
    context = _search(request, CARDS_PER_PAGE) | {"shelves": _shelves()}
    return render(request, "workshop/catalogue.html", context)


def stock_book(request: HttpRequest) -> HttpResponse:
    """The same stock as a table, 100 rows a page."""
    return render(request, "workshop/stock_book.html", _search(request, ROWS_PER_PAGE))


def instrument(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Instrument, slug=slug)
    similar = Instrument.objects.filter(kind=found.kind).exclude(pk=found.pk)
    nearest = sorted(similar, key=lambda other: abs(other.year - found.year))[:3]
    return render(request, "workshop/instrument.html", {"instrument": found, "similar": nearest})


def articles(request: HttpRequest) -> HttpResponse:
    return render(request, "workshop/articles.html", {"articles": Article.objects.all()})


def article(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Article, slug=slug)
    others = Article.objects.exclude(pk=found.pk)
    return render(
        request,
        "workshop/article.html",
        {
            "article": found,
            "newer": others.filter(published__gt=found.published).order_by("published").first(),
            "older": others.filter(published__lt=found.published).first(),
        },
    )


def _search(request: HttpRequest, per_page: int) -> dict[str, object]:
    words, kind = request.GET.get("q", "").strip(), request.GET.get("kind", "")
    found = _matching(words)
    if kind in Kind.values:
        found = found.filter(kind=kind)
    page: Page = Paginator(found, per_page).get_page(request.GET.get("page"))
    return {"page": page, "words": words, "kind": kind, "kinds": Kind.choices}


def _matching(words: str) -> QuerySet[Instrument]:
    """Everything that has each of the words in its name, maker, finish or description."""
    found = Instrument.objects.all()
    for word in words.split()[:8]:
        found = found.filter(
            Q(name__icontains=word)
            | Q(maker__icontains=word)
            | Q(finish__icontains=word)
            | Q(description__icontains=word)
        )
    return found


def _shelves() -> list[dict[str, object]]:
    counts = dict(Instrument.objects.order_by().values_list("kind").annotate(Count("pk")))
    return [{"kind": kind, "label": kind.label, "count": counts.get(kind, 0)} for kind in Kind]
