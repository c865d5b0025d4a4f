"""The counter, where people talk; and the bench board, which hears of each repair as it comes in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hendrix.django.topics import TopicStream


def counter(request: HttpRequest) -> HttpResponse:
    return render(request, "workshop/counter.html")


def board(request: HttpRequest) -> HttpResponse:
    return render(request, "workshop/board.html")


def board_events(request: HttpRequest) -> TopicStream:
    """Repairs, from now on or after the last one that this browser has seen."""
    return TopicStream(request, "repairs")
