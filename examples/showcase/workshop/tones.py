"""The strings of a guitar as sound, from a resource of twisted.web that is served beside Django.

`HENDRIX_CHILD_RESOURCES` names it. Each string is plucked in a thread when somebody first asks for it, and the answer
follows when it is ready, with no thread waiting in between.
"""

from functools import cache

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.web.resource import NoResource, Resource
from twisted.web.server import NOT_DONE_YET, Request

from . import tape

SECONDS = 2.5


@cache
def recording(name: str) -> bytes:
    """A WAV file of one string. Two who ask at once may both have to wait for it; later ones do not."""
    return tape.one_string(tape.STRINGS[name], SECONDS)


class String(Resource):
    """One string: `tones/<name>.wav`."""

    isLeaf = True  # noqa: N815 - the name is that of twisted.web

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def render_GET(self, request: Request) -> int:
        plucked = deferToThread(recording, self.name)
        request.notifyFinish().addErrback(_give_up, plucked)
        plucked.addCallback(_answer, request).addErrback(lambda failure: failure.trap(CancelledError))
        return NOT_DONE_YET


class Tones(Resource):
    """All strings by their names."""

    namespace = "tones"

    def getChild(self, path: bytes, request: Request) -> Resource:
        name, _, suffix = path.decode("ascii", "replace").partition(".")
        return String(name) if name in tape.STRINGS and suffix == "wav" and not request.postpath else NoResource()


def _answer(sound: bytes, request: Request) -> None:
    request.setHeader(b"content-type", b"audio/wav")
    request.setHeader(b"content-length", str(len(sound)).encode())
    request.setHeader(b"cache-control", b"public, max-age=3600")
    request.write(sound)
    request.finish()


def _give_up(failure: Failure, plucked: Deferred[bytes]) -> None:
    """The listener has left before the sound was ready."""
    plucked.cancel()


tones = Tones()
