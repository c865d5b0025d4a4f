"""The listening room: strings to tune by, and sand on sounding plates."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..tape import STRINGS

# The film holds each figure for a while and turns it into the next: see drawing/plates.py.
CHAPTERS = tuple((round(number * 2.3, 1), tone) for number, tone in enumerate((196, 262, 330, 392, 494, 587)))
PLATES = (
    ("lattice", "A cross and four arches", "square, second mode"),
    ("cathedral", "A window of a cathedral", "square, fourth mode"),
    ("lace", "Lace", "square, fifth mode"),
    ("clover", "Two rings, quartered", "round, as on a banjo"),
    ("star", "A star", "round, ten rays"),
    ("daisy", "A daisy", "round, sixteen rays"),
)


def listen(request: HttpRequest) -> HttpResponse:
    plates = [{"file": f"workshop/plates/{name}.png", "title": title, "how": how} for name, title, how in PLATES]
    return render(
        request,
        "workshop/listen.html",
        {"strings": STRINGS.items(), "chapters": CHAPTERS, "plates": plates},
    )
