"""Some pages as a browser meets them: by the server itself, in a thread beside the tests.

Named so that it is imported before `tests`, which imports the reactor: the first one to import it chooses it.
"""

import tempfile
import urllib.request
from http.client import HTTPResponse
from pathlib import Path

from django.conf import settings
from django.test import override_settings
from websockets.sync.client import connect

from hendrix.test import HendrixLiveServerTestCase

from .models import Instrument, Kind

PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@override_settings(STORAGES=settings.STORAGES | {"staticfiles": PLAIN})
class OnTheWire(HendrixLiveServerTestCase):
    """What no test client shows: the server's own part."""

    @classmethod
    def setUpClass(cls) -> None:
        uploads = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(override_settings(MEDIA_ROOT=uploads))
        super().setUpClass()

    def read(self, path: str, **headers: str) -> HTTPResponse:
        """The answer at `path`; it is read by the test."""
        request = urllib.request.Request(f"{self.live_server_url}{path}", headers=headers)
        answer = urllib.request.urlopen(request, timeout=20)
        self.addCleanup(answer.close)
        return answer

    def test_what_is_put_on_a_shelf_is_there(self) -> None:
        Instrument.objects.create(
            name="A lamp that hums", slug="lamp", kind=Kind.values[0], year=1969, hue=50, price_cents=100
        )
        self.assertIn("A lamp that hums", self.read("/catalogue/lamp/").read().decode())

    def test_static_files_come_without_collectstatic_and_in_parts(self) -> None:
        film = next(path for path in Path(__file__).parent.glob("static/**/*.webm"))
        name = film.relative_to(Path(__file__).parent / "static")
        answer = self.read(f"/static/{name}", Range="bytes=0-9")
        self.assertEqual((answer.status, answer.read()), (206, film.read_bytes()[:10]))

    def test_uploads_are_there_at_once(self) -> None:
        Path(settings.MEDIA_ROOT, "note.txt").write_text("a note")
        self.assertEqual(self.read("/media/note.txt").read(), b"a note")

    def test_figures_arrive_as_they_change(self) -> None:
        answer = self.read("/dashboard/events/?pause=0.2")
        self.assertIn("text/event-stream", answer.headers["Content-Type"])
        seen = [answer.readline() for _ in range(12)]
        self.assertGreaterEqual(sum(line.startswith(b"event: figures") for line in seen), 2)

    def test_the_echo_answers(self) -> None:
        address = self.live_server_url.replace("http", "ws")
        with connect(f"{address}/echo/socket/", origin=self.live_server_url) as echo:  # type: ignore[arg-type]
            echo.send("hello")
            self.assertIn("hello", str(echo.recv(timeout=20)))

    def test_the_reactor_answers_a_view(self) -> None:
        self.assertIn("reactor answered from its own", self.read("/twisted/?format=json").read().decode())
