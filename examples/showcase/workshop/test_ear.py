"""The ear: what it hears, whom it lets watch, and what it takes in. Tasks are run here, by the hand of the test."""

import math
import tempfile
import wave
from array import array
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from unittest import mock

from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, SimpleTestCase, TestCase, override_settings
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

import hendrix
from hendrix.hub import door
from hendrix.test.websockets import SocketClient

from . import forms, hearing, tape, tasks
from .models import Recording
from .views import ear

RATE = 22_050


def sound(hertz: float = 220.0, seconds: float = 0.5, channels: int = 1, width: int = 2) -> bytes:
    """A WAV file of one tone; 0 Hz is silence."""
    samples = array("h")
    for at in range(int(RATE * seconds)):
        value = int(20_000 * math.sin(2 * math.pi * hertz * at / RATE))
        samples.extend([value, 0][:channels])
    file = BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setparams((channels, width, RATE, 0, "NONE", ""))
        recording.writeframes(samples.tobytes())
    return file.getvalue()


class HearingTest(SimpleTestCase):
    def pieces(self, data: bytes) -> list[hearing.Piece]:
        return list(hearing.open_recording(BytesIO(data)).hear())

    def test_tones(self) -> None:
        for hertz, tone in ((82.41, 40), (110.0, 45), (329.63, 64), (440.0, 69), (220 * 2 ** (20 / 1200), 57.2)):
            with self.subTest(hertz=hertz):
                heard = self.pieces(sound(hertz))
                self.assertEqual(len(heard), 10)
                for piece in heard[:-1]:  # of the last there may be too little
                    self.assertAlmostEqual(piece.tone or 0, tone, delta=0.06)
                    self.assertAlmostEqual(piece.loud, 20_000 / 32_768, delta=0.01)

    def test_strings_of_the_shop(self) -> None:
        for string, hertz in tape.STRINGS.items():
            title = hearing.verdict(self.pieces(tape.one_string(hertz, 1.0)))["title"]
            self.assertEqual(title.partition(",")[0], string)

    def test_two_channels_are_one(self) -> None:
        self.assertEqual(hearing.verdict(self.pieces(sound(channels=2)))["title"], "A3, in tune")

    def test_silence(self) -> None:
        self.assertEqual(hearing.verdict(self.pieces(sound(0)))["title"], "Noise, or silence")

    def test_out_of_tune(self) -> None:
        sharp = hearing.verdict(self.pieces(sound(440 * 2 ** (20 / 1200))))
        self.assertEqual(sharp["title"], "A4, 20 cents sharp")

    def test_what_cannot_be_heard(self) -> None:
        for data in (b"", b"RIFF", sound()[:20], sound(seconds=0.1), sound(width=1), b"RIFF\x10\0\0\0WAVEjunk" * 9):
            with self.subTest(data=data[:16]), self.assertRaises(hearing.NoRecording):
                hearing.open_recording(BytesIO(data))

    def test_a_file_that_promises_too_much(self) -> None:
        with self.assertRaises(hearing.NoRecording):
            self.pieces(sound()[:-9000])


@override_settings(EAR_PAUSE=0)
class EarTest(TestCase):
    def setUp(self) -> None:
        self.cabinet = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(override_settings(CABINET_ROOT=self.cabinet))
        self.addCleanup(door.forget)

    def bring(
        self, data: bytes | None = None, name: str = "../a string.wav", client: Client | None = None
    ) -> HttpResponse:
        file = SimpleUploadedFile(name, sound() if data is None else data, "audio/wav")
        with self.captureOnCommitCallbacks(execute=True):
            return (client or self.client).post("/ear/", {"file": file}, follow=True)

    def work(self) -> None:
        """What a task worker does."""
        for waiting in DBTaskResult.objects.ready():
            task = waiting.task_result
            task.task.call(*task.args, **task.kwargs)
            waiting.set_successful(None)

    def told(self, row: Recording) -> list[dict[str, object]]:
        return [message.data for message in hendrix.history(row.topic)]

    def test_it_waits_is_heard_and_thrown_away(self) -> None:
        page = self.bring()
        row = Recording.objects.get()
        self.assertRedirects(page, row.get_absolute_url())
        self.assertEqual(row.file_name, "a string.wav")
        self.assertEqual(self.client.get(row.get_absolute_url()).context["state"]["told"], [{"waits": True}])
        self.assertEqual([path.name for path in self.cabinet.glob("ear/*")], [f"{row.pk}.wav"])
        self.work()
        row.refresh_from_db()
        self.assertEqual((row.title, len(row.heard["pieces"])), ("A3, in tune", 10))
        self.assertEqual(list(self.cabinet.glob("ear/*")), [])
        told = self.told(row)
        self.assertEqual([news["at"] for news in told if "at" in news], list(range(10)))
        self.assertEqual(told[-1], {"heard": row.heard})
        self.assertContains(self.client.get("/ear/"), "A3, in tune")

    def test_a_page_in_the_middle_shows_what_was_told_and_goes_on_from_there(self) -> None:
        self.bring()
        row = Recording.objects.get()
        tasks.tell(row, {"seconds": 0.5, "of": 10})
        tasks.tell(row, {"at": 0, "piece": [0.5, 57.0]})
        state = self.client.get(row.get_absolute_url()).context["state"]
        self.assertEqual([list(news) for news in state["told"]], [["waits"], ["seconds", "of"], ["at", "piece"]])
        self.assertEqual(state["since"], str(hendrix.history(row.topic)[-1].id))

    def test_a_task_that_begins_anew_tells_the_same(self) -> None:
        """As after a worker that was killed: by the same numbers, and once it is heard nothing more."""
        self.bring()
        row = Recording.objects.get()
        killed = mock.patch.object(tasks, "_finish", side_effect=KeyboardInterrupt)
        with killed, self.assertRaises(KeyboardInterrupt):
            tasks.listen.call(str(row.pk))
        first = [news for news in self.told(row) if "at" in news]
        tasks.listen.call(str(row.pk))
        self.assertEqual([news for news in self.told(row) if "at" in news], first * 2)
        self.assertEqual(tasks.listen.call(str(row.pk)), "gone, or heard before")

    def test_a_recording_that_ends_early_is_said(self) -> None:
        self.bring(sound()[:-9000])
        self.work()
        self.assertIn("ends before", Recording.objects.get().title)

    def test_a_large_one_goes_by_way_of_the_disk(self) -> None:
        self.bring(sound(seconds=70))
        self.work()
        self.assertEqual(Recording.objects.get().title, "A3, in tune")

    def test_others_do_not_see_it(self) -> None:
        self.bring()
        row, other = Recording.objects.get(), Client()
        self.assertNotContains(other.get("/ear/"), "a string.wav")
        self.bring(client=other)
        for path in (row.get_absolute_url(), f"{row.get_absolute_url()}events/"):
            self.assertEqual(other.get(path).status_code, 404)
        self.assertEqual(self.client.get(f"{row.get_absolute_url()}events/").status_code, 200)

    def test_what_is_refused(self) -> None:
        for name, data, complaint in (
            ("song.mp3", b"ID3" + bytes(90), "We take recordings"),
            ("song.wav", b"<svg onload=alert(1)>", "That is not a .wav file inside."),
            ("song.wav", b"RIFF\x10\0\0\0WAVE" + bytes(90), "not a WAV file of plain samples"),
            ("song.wav", sound(seconds=0.1), "Between 0.2 and 180 seconds"),
        ):
            with self.subTest(complaint=complaint):
                self.assertContains(self.bring(data, name), complaint)
        self.assertFalse(Recording.objects.exists())
        self.assertFalse(DBTaskResult.objects.exists())

    def test_how_many_may_wait(self) -> None:
        for _ in range(forms.MOST_OWN):
            self.bring()
        self.assertContains(self.bring(), "not heard yet")
        with mock.patch.object(forms, "MOST_WAITING", forms.MOST_OWN):
            self.assertContains(self.bring(client=Client()), "There is a queue at the ear")
        self.work()
        self.assertRedirects(self.bring(), Recording.objects.first().get_absolute_url())

    def test_old_ones_go(self) -> None:
        self.bring()
        Recording.objects.update(created=timezone.now() - 2 * ear.UNHEARD)
        self.bring()
        row = Recording.objects.get()
        self.assertLess(timezone.now() - row.created, timedelta(minutes=5))
        self.assertEqual([path.name for path in self.cabinet.glob("ear/*")], [f"{row.pk}.wav"])
        with mock.patch.object(ear, "KEPT", 0):
            self.bring()
        self.assertEqual(Recording.objects.count(), 1)

    async def test_the_socket_gives_its_own_only(self) -> None:
        rows = [await Recording.objects.acreate(owner=mine, file_name="x.wav") for mine in ("mine", "another's")]
        session = SessionStore()
        session["ear"] = "mine"
        await session.asave()
        known = {"Cookie": f"sessionid={session.session_key}"}
        async with SocketClient("/ear/socket/", headers=known) as socket:
            for topic in (rows[1].topic, "ear.none", "counter", "repairs"):
                await socket.send({"subscribe": topic})
                self.assertEqual(await socket.receive(), {"refused": topic})
            await socket.send({"subscribe": rows[0].topic})
            self.assertEqual((await socket.receive())["subscribed"], rows[0].topic)
            await hendrix.apublish(rows[0].topic, {"at": 3})
            self.assertEqual((await socket.receive())["data"], {"at": 3})
