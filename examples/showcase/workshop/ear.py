"""Who may watch the ear at work: whoever brought the recording, by the socket or by events."""

import secrets
import uuid

from django.db.models import QuerySet
from django.http import HttpRequest

from hendrix.websockets import WebSocket

from .models import Recording

_KEY = "ear"


def owner(request: HttpRequest) -> str:
    """What marks the recordings of this browser; made when it is first needed."""
    return request.session.setdefault(_KEY, secrets.token_urlsafe(24))


def own(request: HttpRequest) -> QuerySet[Recording]:
    """The recordings of this browser."""
    mine = request.session.get(_KEY)
    return Recording.objects.filter(owner=mine) if mine else Recording.objects.none()


class Watch(WebSocket):
    """What `hendrix.js` talks to. A client may have the topics of its own recordings and publish nothing."""

    topics = True
    rate = "5/s:20"
    most_topics = 4

    def may_subscribe(self, topic: str) -> bool:
        kind, _, name = topic.partition(".")
        try:
            return kind == "ear" and own(self.request).filter(pk=uuid.UUID(name)).exists()
        except ValueError:
            return False
