"""What is done behind the pages: by a task worker, whatever becomes of the process that the page came from."""

import time
from contextlib import suppress

from django.conf import settings

import hendrix
from hendrix.hub.message import HubError

from .hearing import NoRecording, Piece, open_recording, verdict
from .models import Recording

try:
    from django.tasks import task  # type: ignore[import-not-found,unused-ignore]
except ImportError:  # Django 5.2
    from django_tasks import task

#: Whoever opens the page later, or comes back to it, gets what was said so far.
KEEP = hendrix.Keep(last=400, seconds=3600)


@task
def listen(pk: str) -> str:
    """Hear a recording piece by piece and say so. It may be begun anew, if its worker was killed: the same pieces come
    again, under the same numbers."""
    row = Recording.objects.filter(pk=pk, heard__isnull=True).first()
    if row is None:
        return "gone, or heard before"
    try:
        row.heard = _hear(row)
    except NoRecording as error:
        row.heard = {"fault": str(error)}
    except Exception:
        _finish(row, {"fault": "Our ear has failed. It has been told to somebody."})
        raise
    _finish(row, row.heard)
    return row.title


def _hear(row: Recording) -> dict[str, object]:
    with row.file.open("rb") as file:
        recording = open_recording(file)
        facts = {"seconds": round(recording.seconds, 2), "of": recording.pieces}
        tell(row, facts)
        pieces: list[Piece] = []
        for piece in recording.hear():
            tell(row, {"at": len(pieces), "piece": piece})
            pieces.append(piece)
            time.sleep(settings.EAR_PAUSE)
    return {**facts, "pieces": pieces, **verdict(pieces)}


def _finish(row: Recording, heard: dict[str, object]) -> None:
    """In the books first: who is told looks there. The file is not needed any more."""
    row.heard = heard
    row.save(update_fields=["heard"])
    tell(row, {"heard": heard})
    row.file.delete(save=False)


def tell(row: Recording, news: dict[str, object]) -> None:
    """Those who watch. A hub that is away keeps nobody from hearing."""
    with suppress(HubError):
        hendrix.publish(row.topic, news, keep=KEEP)
