"""The counter: whoever is here talks to all others, in whichever worker their sockets are."""

from datetime import datetime

from django.utils import timezone

import hendrix
from hendrix.websockets import WebSocket

TOPIC, TYPING = "counter", "counter.typing"
LAST = 20
#: Who types is of no interest a moment later.
NOTHING = hendrix.Keep(0, 0)


class Talk(WebSocket):
    """`?name=` is who it is: this shop knows its customers by what they say."""

    topics = True
    rate = "5/s:20"

    def authorize(self, request) -> bool:
        self.name = request.GET.get("name", "").strip()
        return 0 < len(self.name) <= 40 and self.name.isprintable()

    def connect(self) -> None:
        if "since" not in self.request.GET:
            self.send({"said": [message.data for message in hendrix.history(TOPIC, LAST)]})
        self.join(TOPIC, self.name)

    def receive(self, data) -> None:
        text = str(data.get("text", "")).strip()[:500] if isinstance(data, dict) else ""
        if text:
            hendrix.publish(TOPIC, {"name": self.name, "text": text, "at": _clock(timezone.localtime())})
        elif isinstance(data, dict) and data.get("typing"):
            hendrix.publish(TYPING, self.name, keep=NOTHING)

    def may_subscribe(self, topic: str) -> bool:
        return topic in (TOPIC, TYPING)


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"
