"""Every page, asked with Django's test client. What the server itself answers (static files, uploads, the resource's
address) is tested with the server."""

import array
import asyncio
import hashlib
import json
import operator
import os
import re
import stat
import tempfile
import threading
import unittest
import wave
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.asgi import ASGIHandler
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, SimpleTestCase, TestCase, override_settings
from django.urls import reverse
from django.utils.html import escape
from showcase.asgi import application
from showcase.secret import read_or_make
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.python.failure import Failure
from twisted.web.resource import getChildForRequest
from twisted.web.server import NOT_DONE_YET
from twisted.web.test.requesthelper import DummyRequest

from . import attachment, figures, reactor, tape
from .content.articles import articles
from .content.instruments import instruments
from .counter import Counter, Counters, service
from .models import Article, Instrument, Kind, Picture, RepairRequest
from .tones import recording, tones
from .views.listen import PLATES
from .views.query import number, whole_number

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def setUpModule() -> None:
    """Static files under their plain names: nothing has been collected for a test."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    unittest.enterModuleContext(override_settings(STORAGES=settings.STORAGES | {"staticfiles": plain}))


def body(response: HttpResponse) -> bytes:
    """The whole body, streamed or not."""
    return b"".join(response.streaming_content) if response.streaming else response.content


class ContentTest(SimpleTestCase):
    def test_is_the_same_every_time(self) -> None:
        self.assertEqual(list(instruments()), list(instruments()))
        self.assertEqual(list(articles()), list(articles()))

    def test_every_thing_is_told_apart(self) -> None:
        rows = list(instruments())
        self.assertEqual(len(rows), 112)
        for column in ("slug", "name", "description"):
            self.assertEqual(len({row[column] for row in rows}), len(rows), column)
        self.assertEqual({row["kind"] for row in rows}, set(Kind.values))

    def test_articles_are_wrapped_by_paragraph(self) -> None:
        rows = list(articles())
        self.assertEqual(len(rows), 12)
        for row in rows:
            self.assertNotRegex(row["body"], r"[^\n]\n[^\n]")


class ShopTest(TestCase):
    def test_migrate_fills_the_shop(self) -> None:
        self.assertEqual(Instrument.objects.count(), 112)
        self.assertEqual(Article.objects.count(), 12)

    def test_home_shows_one_of_each_kind_and_the_latest_articles(self) -> None:
        response = self.client.get("/")
        self.assertTemplateUsed(response, "workshop/home.html")
        self.assertEqual({item.kind for item in response.context["featured"]}, set(Kind.values))
        self.assertContains(response, Article.objects.first())

    def test_pages_fetch_nothing_from_elsewhere_and_only_what_is_there(self) -> None:
        for path in ("/", "/listen/", "/dashboard/", "/echo/"):
            page = self.client.get(path).content.decode()
            found = re.findall(r'(?:src|href|poster)="/static/([^"]+)"', page)
            self.assertIn("workshop/style.css", found)
            self.assertEqual([name for name in found if not finders.find(name)], [], path)
            self.assertNotRegex(page, r'(?:src|href)="(?:https?:)?//')

    def test_style_knows_the_dark(self) -> None:
        self.assertIn("prefers-color-scheme: dark", Path(finders.find("workshop/style.css")).read_text())
        response = self.client.get("/")
        self.assertNotRegex(response.content.decode(), r'(?:src|href)="(?:https?:)?//')

    def test_catalogue_has_pages(self) -> None:
        first, last = self.client.get("/catalogue/"), self.client.get("/catalogue/?page=5")
        self.assertContains(first, 'class="card"', count=24)
        self.assertContains(last, 'class="card"', count=112 - 4 * 24)
        self.assertContains(first, 'href="?page=2"')

    def test_page_out_of_range_is_the_last_one(self) -> None:
        self.assertContains(self.client.get("/catalogue/?page=99"), "Page 5 of 5")

    def test_catalogue_searches_for_every_word(self) -> None:
        response = self.client.get("/catalogue/", {"q": "KITE solveig"})
        self.assertEqual([item.name for item in response.context["page"]], ["Kite", "Kite Long Scale"])

    def test_catalogue_picks_a_shelf_and_keeps_it_while_paging(self) -> None:
        response = self.client.get("/catalogue/?kind=electric")
        self.assertEqual({item.kind for item in response.context["page"]}, {"electric"})
        self.assertContains(response, 'href="?kind=electric&amp;page=2"')

    def test_unknown_shelf_is_everything(self) -> None:
        self.assertContains(self.client.get("/catalogue/?kind=kazoo"), "112 things")

    def test_search_without_result_and_with_markup(self) -> None:
        response = self.client.get("/catalogue/", {"q": "<script>"})
        self.assertContains(response, "Nothing like that")
        self.assertNotContains(response, "<script>")

    def test_stock_book_has_100_rows(self) -> None:
        self.assertContains(self.client.get("/catalogue/stock-book/"), '<th scope="row">', count=100)
        self.assertContains(self.client.get("/catalogue/stock-book/?page=2"), '<th scope="row">', count=12)

    def test_every_instrument_has_a_page(self) -> None:
        for item in Instrument.objects.all():
            self.assertContains(self.client.get(item.get_absolute_url()), escape(item.description))

    def test_every_article_has_a_page(self) -> None:
        listing = self.client.get("/articles/")
        for item in Article.objects.all():
            self.assertContains(listing, item.get_absolute_url())
            self.assertContains(self.client.get(item.get_absolute_url()), f"<h1>{item.title}</h1>")

    def test_articles_lead_to_their_neighbours(self) -> None:
        newest, older, *_ = Article.objects.all()
        response = self.client.get(newest.get_absolute_url())
        self.assertEqual((response.context["older"], response.context["newer"]), (older, None))

    def test_missing_pages(self) -> None:
        for path in ("/catalogue/kazoo/", "/articles/none/", "/nowhere/"):
            self.assertContains(self.client.get(path), "Nothing on this peg", status_code=404)

    def test_prices_are_written_for_people(self) -> None:
        self.assertEqual(Instrument(price_cents=123_400).price, "€1,234")


class ApiTest(TestCase):
    def test_list_has_twenty_rows_and_leads_on(self) -> None:
        answer = self.client.get("/api/instruments/").json()
        self.assertEqual((answer["count"], answer["pages"], len(answer["results"])), (112, 6, 20))
        following = self.client.get(answer["next"]).json()
        self.assertEqual(following["page"], 2)
        self.assertEqual(self.client.get("/api/instruments/?page=6").json()["next"], None)

    def test_one(self) -> None:
        item = Instrument.objects.get(slug="kite")
        answer = self.client.get(f"/api/instruments/{item.pk}/").json()
        self.assertEqual((answer["name"], answer["description"]), ("Kite", item.description))

    def test_none(self) -> None:
        response = self.client.get("/api/instruments/9999/")
        self.assertEqual((response.status_code, set(response.json())), (404, {"error"}))


class MediaTestCase(TestCase):
    """Keeps uploads and recordings of a test in directories of its own."""

    def setUp(self) -> None:
        self.media = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.cabinet = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(override_settings(MEDIA_ROOT=self.media, CABINET_ROOT=self.cabinet))


class RepairTest(MediaTestCase):
    def hand_in(self, attached: SimpleUploadedFile | None = None, **fields: str) -> HttpResponse:
        data: dict[str, object] = {"name": "Noel", "instrument": "Kite", "problem": "It buzzes."} | fields
        if attached is not None:
            data["attachment"] = attached
        return self.client.post("/repairs/", data, follow=True)

    def test_ticket_tells_name_size_and_digest(self) -> None:
        response = self.hand_in(SimpleUploadedFile("the crack.png", PNG, "image/png"))
        ticket = RepairRequest.objects.get()
        self.assertRedirects(response, ticket.get_absolute_url())
        self.assertContains(response, "Thank you, Noel.")
        self.assertContains(response, "the crack.png")
        self.assertContains(response, f'<span id="file-size">{len(PNG)}</span>')
        self.assertContains(response, hashlib.sha256(PNG).hexdigest())

    def test_file_is_stored_under_a_name_of_ours(self) -> None:
        self.hand_in(SimpleUploadedFile("../../etc/crack.PNG", PNG))
        ticket = RepairRequest.objects.get()
        self.assertEqual((self.cabinet / "repairs" / f"{ticket.pk}.png").read_bytes(), PNG)
        self.assertEqual(ticket.file_name, "crack.PNG")
        self.assertEqual(list(self.media.iterdir()), [])

    def test_large_file_goes_by_way_of_the_disk(self) -> None:
        sound = b"OggS" + os.urandom(4_000_000)
        response = self.hand_in(SimpleUploadedFile("buzz.ogg", sound))
        self.assertContains(response, hashlib.sha256(sound).hexdigest())

    def test_attachment_is_optional(self) -> None:
        self.assertNotContains(self.hand_in(), "SHA-256")
        self.assertContains(self.client.get("/repairs/"), "<strong>Kite</strong>")

    def test_refused_attachments(self) -> None:
        for name, content, complaint in (
            ("song.exe", PNG, "We take pictures and recordings"),
            ("song", PNG, "We take pictures and recordings"),
            ("song.png", b"<svg onload=alert(1)>", "That is not a .png file inside."),
            ("song.wav", b"RIFF\0\0\0\0AVI ", "That is not a .wav file inside."),
            ("song.png", b"", "The submitted file is empty."),
        ):
            with self.subTest(name=name, content=content[:12]):
                self.assertContains(self.hand_in(SimpleUploadedFile(name, content)), complaint)
        self.assertFalse(RepairRequest.objects.exists())
        self.assertEqual(list(self.cabinet.iterdir()), [])

    def test_too_big_an_attachment(self) -> None:
        file = SimpleUploadedFile("long.png", PNG)
        file.size = attachment.MAX_BYTES + 1
        with self.assertRaises(ValidationError) as refusal:
            attachment.validate(file)
        self.assertEqual(refusal.exception.code, "too_big")

    def test_only_the_shop_gets_the_file(self) -> None:
        self.hand_in(SimpleUploadedFile("der Riß.png", PNG))
        ticket = RepairRequest.objects.get()
        address = f"/repairs/{ticket.pk}/attachment/"
        self.assertContains(self.client.get(ticket.get_absolute_url()), address)
        self.assertRedirects(self.client.get(address), f"/admin/login/?next={address}")
        self.client.force_login(get_user_model().objects.create_user("visitor"))
        self.assertEqual(self.client.get(address).status_code, 302)
        self.client.force_login(get_user_model().objects.create_user("luthier", is_staff=True))
        response = self.client.get(address)
        self.assertEqual(response["X-Accel-Redirect"], f"/cabinet/repairs/{ticket.pk}.png")
        self.assertEqual(response.content, b"")
        self.assertEqual(response["Content-Disposition"], "attachment; filename*=utf-8''der%20Ri%C3%9F.png")

    def test_a_ticket_without_a_file_has_none(self) -> None:
        self.hand_in()
        self.client.force_login(get_user_model().objects.create_user("luthier", is_staff=True))
        address = reverse("attachment", args=[RepairRequest.objects.get().pk])
        self.assertEqual(self.client.get(address).status_code, 404)

    def test_what_visitors_write_is_escaped(self) -> None:
        response = self.hand_in(name="<b>Noel</b>", problem="<script>alert(1)</script>")
        self.assertNotContains(response, "<script>")
        self.assertNotContains(response, "<b>Noel")

    def test_missing_fields_come_back_with_the_form(self) -> None:
        self.assertContains(self.hand_in(name=""), "This field is required.", count=1)

    def test_form_without_csrf_token_is_refused(self) -> None:
        client = Client(enforce_csrf_checks=True)
        response = client.post("/repairs/", {"name": "Noel"})
        self.assertContains(response, "That form has no stamp", status_code=403)

    def test_form_with_csrf_token_is_accepted(self) -> None:
        client = Client(enforce_csrf_checks=True)
        page = client.get("/repairs/").content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None
        form = {"name": "Noel", "instrument": "Kite", "problem": "x", "csrfmiddlewaretoken": token[1]}
        self.assertEqual(client.post("/repairs/", form).status_code, 302)

    def test_other_methods_are_refused(self) -> None:
        self.assertEqual(self.client.delete("/repairs/").status_code, 405)

    def test_no_such_ticket(self) -> None:
        response = self.client.get(reverse("repair", args=["00000000-0000-4000-8000-000000000000"]))
        self.assertEqual(response.status_code, 404)


class TourTest(MediaTestCase):
    def test_hello_and_up(self) -> None:
        with self.assertNumQueries(0):
            self.assertEqual(self.client.get("/hello/").content, b"Hello from the workshop.\n")
            self.assertEqual(self.client.get("/up/").content, b"ok")

    def test_server_page_tells_what_it_was_told(self) -> None:
        response = self.client.get("/about/server/", headers={"x-request-id": "tram-7"})
        for fact in (os.getpid(), "wsgi.multithread", "SERVER_PROTOCOL", "tram-7", "127.0.0.1"):
            self.assertContains(response, fact)

    def test_server_page_as_json(self) -> None:
        answer = self.client.get("/about/server/?format=json", headers={"cookie": "secret=1"}).json()
        self.assertEqual((answer["pid"], answer["thread"]), (os.getpid(), "MainThread"))
        self.assertEqual(answer["environ"]["wsgi.url_scheme"], "http")
        self.assertEqual(answer["environ"]["wsgi.version"], "1.0")
        self.assertNotIn("HTTP_COOKIE", answer["environ"])

    def test_slow_sleeps_as_long_as_asked_within_bounds(self) -> None:
        for asked, slept in (("0.5", 0.5), ("", 1), ("-3", 0), ("1000", 10), ("nan", 1), ("soon", 1)):
            with self.subTest(asked=asked), mock.patch("workshop.views.tour.time.sleep") as sleep:
                answer = self.client.get("/slow/", {"seconds": asked, "format": "json"}).json()
                sleep.assert_called_once_with(slept)
                self.assertEqual(answer["asked"], slept)

    def test_slow_page(self) -> None:
        response = self.client.get("/slow/?seconds=0")
        self.assertContains(response, f'id="pid">{os.getpid()}<')
        self.assertContains(response, 'id="thread">MainThread<')

    def test_stream_pauses_between_lines(self) -> None:
        with mock.patch("workshop.views.tour.time.sleep") as sleep:
            response = self.client.get("/stream/?lines=3&pause=0.1")
            lines = body(response).decode().splitlines()
        self.assertTrue(response.streaming)
        self.assertEqual([line[:12] for line in lines], ["bar   1 of 3", "bar   2 of 3", "bar   3 of 3"])
        self.assertEqual(sleep.call_args_list, [mock.call(0.1)] * 2)

    def test_big_stream_has_the_size_asked_for(self) -> None:
        response = self.client.get("/stream/big/?mb=3")
        self.assertFalse(response.has_header("Content-Length"))
        self.assertEqual(sum(map(len, response.streaming_content)), 3_000_000)

    def test_download_is_recorded_once(self) -> None:
        response = self.client.get("/download/")
        sound = body(response)
        self.assertEqual(int(response["Content-Length"]), len(sound))
        self.assertAlmostEqual(len(sound), 10_000_000, delta=100_000)
        self.assertIn("crosstown-loop.wav", response["Content-Disposition"])
        with wave.open(BytesIO(sound)) as recording:
            self.assertEqual((recording.getnchannels(), recording.getframerate()), (1, 44_100))
        with mock.patch("workshop.tape._samples", side_effect=AssertionError("recorded twice")):
            self.assertEqual(body(self.client.get("/download/")), sound)

    def test_boom(self) -> None:
        self.client.raise_request_exception = False
        with self.assertLogs("django.request", "ERROR") as log:
            response = self.client.get("/boom/")
        self.assertContains(response, "A string broke", status_code=500)
        self.assertIn("BrokenString: The top string snapped", log.output[0])


class WallTest(MediaTestCase):
    def hang(self, **fields: object) -> HttpResponse:
        picture = {"title": "My Kite", "name": "Noel", "file": SimpleUploadedFile("kite.PNG", PNG)}
        return self.client.post("/wall/", picture | fields, follow=True)

    def test_a_picture_is_there_at_once(self) -> None:
        response = self.hang()
        picture = Picture.objects.get()
        self.assertRedirects(response, "/wall/")
        self.assertContains(response, "Thank you, Noel.")
        self.assertContains(response, f'<img src="/media/wall/{picture.pk}.png" alt="My Kite"')
        self.assertEqual((self.media / "wall" / f"{picture.pk}.png").read_bytes(), PNG)

    def test_bare_wall(self) -> None:
        self.assertContains(self.client.get("/wall/"), "Bare plaster")

    def test_the_newest_comes_first_and_the_rest_make_room(self) -> None:
        for nail in range(26):
            Picture.objects.create(title=f"Number {nail}", name="Noel", file="wall/x.png")
        response = self.client.get("/wall/")
        self.assertContains(response, "<img", count=24)
        self.assertEqual(response.context["pictures"][0].title, "Number 25")

    def test_only_pictures_hang(self) -> None:
        for name, content, complaint in (
            ("song.ogg", b"OggS\0\0\0\0", "We take pictures: .png"),
            ("page.html", b"<script>alert(1)</script>", "We take pictures: .png"),
            ("page.png", b"<script>alert(1)</script>", "That is not a .png file inside."),
            ("drawing.svg", b"<svg onload='alert(1)'/>", "We take pictures: .png"),
        ):
            with self.subTest(name=name):
                self.assertContains(self.hang(file=SimpleUploadedFile(name, content)), complaint)
        self.assertContains(
            self.client.post("/wall/", {"title": "x", "name": "y"}), "This field is required.", count=1
        )
        self.assertEqual((Picture.objects.count(), list(self.media.iterdir())), (0, []))

    def test_what_visitors_write_is_escaped(self) -> None:
        response = self.hang(title='"><script>alert(1)</script>', name="<b>Noel</b>")
        self.assertNotContains(response, "<script>")
        self.assertNotContains(response, "<b>Noel")


class ListenTest(SimpleTestCase):
    def test_page_shows_strings_film_and_plates(self) -> None:
        response = self.client.get("/listen/")
        self.assertContains(response, 'data-sound="/tones/', count=6)
        self.assertContains(response, 'data-at="', count=6)
        self.assertContains(response, 'data-at="2.3"')
        self.assertContains(response, 'class="plate"', count=len(PLATES))

    def test_a_string_has_its_pitch(self) -> None:
        with wave.open(BytesIO(tape.one_string(110.0, 0.5))) as sound:
            samples = array.array("h", sound.readframes(sound.getnframes()))
        self.assertEqual(len(samples), 22_050)
        period = round(tape.RATE / 110)
        alike = [sum(map(operator.mul, samples, samples[lag:])) for lag in range(period // 2, period * 3 // 2)]
        self.assertAlmostEqual(alike.index(max(alike)) + period // 2, period, delta=2)


class TonesTest(SimpleTestCase):
    """The resource by itself, asked as twisted.web asks it."""

    def ask(self, *path: bytes, plucked: Deferred[bytes] | None = None) -> DummyRequest:
        request = DummyRequest(list(path))
        with mock.patch("workshop.tones.deferToThread", return_value=plucked or succeed(b"sound")):
            resource = getChildForRequest(tones, request)
            result = resource.render(request)
        if result is not NOT_DONE_YET:
            request.write(result)
            request.finish()
        return request

    def test_a_string(self) -> None:
        request = self.ask(b"E2.wav")
        self.assertEqual((b"".join(request.written), request.finished), (b"sound", 1))
        self.assertEqual(request.responseHeaders.getRawHeaders("content-type"), ["audio/wav"])
        self.assertEqual(request.responseHeaders.getRawHeaders("content-length"), ["5"])

    def test_what_is_no_string(self) -> None:
        for path in ((b"H2.wav",), (b"E2",), (b"E2.mp3",), (b"",), (b"\xff.wav",), (b"E2.wav", b"more")):
            with self.subTest(path=path):
                self.assertEqual(self.ask(*path).responseCode, 404)

    def test_a_listener_who_leaves_costs_no_answer(self) -> None:
        plucked: Deferred[bytes] = Deferred()
        request = self.ask(b"E2.wav", plucked=plucked)
        request.processingFailed(Failure(ConnectionDone()))
        self.assertTrue(plucked.called)
        self.assertEqual((request.written, request.finished), ([], 0))

    def test_each_string_is_plucked_once(self) -> None:
        recording.cache_clear()
        with mock.patch("workshop.tones.tape.one_string", return_value=b"sound") as pluck:
            self.assertEqual([recording("A2"), recording("A2"), recording("D3")], [b"sound"] * 3)
        self.assertEqual([call.args[0] for call in pluck.call_args_list], [110.0, 146.83])
        recording.cache_clear()

    def test_is_named_where_it_is_served(self) -> None:
        self.assertEqual(settings.HENDRIX_CHILD_RESOURCES, ["workshop.tones.tones"])
        self.assertEqual(tones.namespace, "tones")


class CounterTest(TestCase):
    """The telnet service by itself, its clock in our hands."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.factory = Counters()
        self.enterContext(mock.patch.object(Counter, "callLater", self.clock.callLater))

    def enter(self) -> tuple[Counter, StringTransportWithDisconnection]:
        counter, transport = self.factory.buildProtocol(None), StringTransportWithDisconnection()
        counter.watching.clock = self.clock
        transport.protocol = counter
        counter.makeConnection(transport)
        return counter, transport

    def said(self, transport: StringTransportWithDisconnection) -> list[str]:
        text = transport.value().decode()
        transport.clear()
        return text.splitlines()

    def test_greets_and_tells_what_can_be_said(self) -> None:
        lines = self.said(self.enter()[1])
        self.assertIn("the counter", lines[0])
        self.assertEqual([line.split()[0] for line in lines[1:]], ["figures", "watch", "stock", "help", "bye"])

    def test_figures_of_the_process(self) -> None:
        counter, transport = self.enter()
        self.said(transport)
        counter.dataReceived(b"FIGURES\r\n")
        (line,) = self.said(transport)
        self.assertTrue(line.startswith(f"process {os.getpid()}: "), line)
        self.assertTrue(line.endswith("1 at the counter"), line)

    def test_watches_every_second_until_the_next_line(self) -> None:
        counter, transport = self.enter()
        self.said(transport)
        counter.dataReceived(b"watch\n")
        for _ in range(3):
            self.clock.advance(1)
        self.assertEqual(len(self.said(transport)), 4)
        counter.dataReceived(b"\n")
        self.clock.advance(5)
        self.assertEqual(self.said(transport), [])

    def test_a_watcher_who_leaves_is_watched_for_no_longer(self) -> None:
        counter, transport = self.enter()
        counter.dataReceived(b"watch\n")
        transport.loseConnection()
        self.assertEqual((self.clock.getDelayedCalls(), self.factory.visitors), ([], 0))

    def ask(self, words: str) -> list[str]:
        counter, transport = self.enter()
        self.said(transport)
        with mock.patch("workshop.counter.deferToThread", maybeDeferred):
            counter.dataReceived(f"stock {words}\n".encode())
        return self.said(transport)

    def test_stock(self) -> None:
        self.assertRegex(self.ask("KITE solveig")[0], r"^Kite, Solveig.* €[\d,]+$")
        self.assertEqual(self.ask("kazoo"), ["Nothing like that on the shelves."])
        self.assertEqual((len(self.ask("")), self.ask("")[-1]), (9, "and 104 more"))

    def test_stock_that_cannot_be_asked(self) -> None:
        broken, quiet = (
            mock.patch("workshop.counter._look_up", side_effect=OSError("gone")),
            mock.patch("workshop.counter.log"),
        )
        with broken, quiet:
            self.assertEqual(self.ask("kite"), ["The stock book is not to be found."])

    def test_one_question_at_a_time(self) -> None:
        counter, transport = self.enter()
        self.said(transport)
        answer: Deferred[list[str]] = Deferred()
        with mock.patch("workshop.counter.deferToThread", return_value=answer) as ask:
            counter.dataReceived(b"stock kite\nstock kite\n")
        ask.assert_called_once()
        answer.callback(["Kite"])
        self.assertEqual(self.said(transport), ["One thing at a time.", "Kite"])

    def test_what_is_not_understood(self) -> None:
        counter, transport = self.enter()
        self.said(transport)
        counter.dataReceived(b"\x1b[2J\xff\n")
        self.assertEqual(self.said(transport), ["We do not know “?[2J\ufffd”. Say help."])
        counter.dataReceived(b"x" * 1000)
        self.assertFalse(transport.connected)

    def test_who_says_nothing_is_shown_out(self) -> None:
        _, transport = self.enter()
        self.clock.advance(299)
        self.assertTrue(transport.connected)
        self.clock.advance(1)
        self.assertFalse(transport.connected)

    def test_bye(self) -> None:
        counter, transport = self.enter()
        counter.dataReceived(b"bye\n")
        self.assertEqual((self.said(transport)[-1], transport.connected), ("Mind the step.", False))

    def test_only_so_many_at_once(self) -> None:
        crowd = [self.enter()[1] for _ in range(51)]
        self.assertEqual([one.connected for one in crowd], [True] * 50 + [False])
        crowd[0].loseConnection()
        self.assertTrue(self.enter()[1].connected)

    def test_is_a_service_for_this_machine_only(self) -> None:
        self.assertEqual(settings.HENDRIX_SERVICES, [("counter", "workshop.counter.service")])
        made = service()
        self.assertEqual((made.args[0], made.kwargs), (settings.COUNTER_PORT, {"interface": "127.0.0.1"}))


class LiveTest(TestCase):
    """The async views, asked as an ASGI server asks them."""

    async def events(self, count: int, address: str = "/dashboard/events/") -> list[dict[str, object]]:
        """The first figures of the stream, which is then left."""
        response = await self.async_client.get(address)
        self.assertEqual(response["Content-Type"], "text/event-stream")
        found: list[dict[str, object]] = []
        async for piece in response.streaming_content:
            event, data = piece.decode().splitlines()[:2]
            self.assertEqual(event, "event: figures")
            found.append(json.loads(data.removeprefix("data: ")))
            if len(found) == count:
                break
        response.close()
        return found

    def setUp(self) -> None:
        figures._books.until = 0.0
        self.enterContext(mock.patch("workshop.figures.asyncio.sleep", new_callable=mock.AsyncMock))

    async def test_figures_of_the_process(self) -> None:
        first, second = await self.events(2)
        self.assertEqual((first["pid"], first["watchers"]), (os.getpid(), 1))
        self.assertGreater(first["memory_mb"], 10)
        self.assertGreaterEqual(second["at"], first["at"])
        self.assertGreaterEqual(second["cpu_seconds"], first["cpu_seconds"])

    async def test_figures_of_the_shop(self) -> None:
        await RepairRequest.objects.acreate(name="Noel", instrument="Kite", problem="It buzzes.")
        (found,) = await self.events(1)
        self.assertEqual(found["shop"], {"in_stock": 100, "repairs": 1, "latest": "Kite"})

    async def test_many_watchers_ask_the_books_once(self) -> None:
        await self.events(1)
        asked_again = mock.Mock(side_effect=AssertionError("the books are read once a second, not once for each"))
        with mock.patch("workshop.figures.RepairRequest.objects.afirst", asked_again):
            await self.events(3)

    async def test_requests_are_counted(self) -> None:
        (before,) = await self.events(1)
        await self.async_client.get("/hello/")
        (after,) = await self.events(1)
        self.assertEqual(after["requests"] - before["requests"], 2)

    async def test_pace_is_kept_within_bounds(self) -> None:
        for asked, pause in (("3", 3), ("0", 0.2), ("99", 10), ("soon", 1)):
            with self.subTest(asked=asked), mock.patch("workshop.views.live.figures.watch") as watch:
                watch.return_value = _nothing()
                await self.async_client.get(f"/dashboard/events/?pause={asked}")
                watch.assert_called_once_with(pause)

    async def test_dashboard_page(self) -> None:
        response = await self.async_client.get("/dashboard/")
        self.assertContains(response, 'data-events="/dashboard/events/"')
        self.assertContains(response, 'aria-current="page">Live</a>')

    async def test_echo_page(self) -> None:
        response = await self.async_client.get("/echo/")
        self.assertContains(response, 'data-socket="/echo/socket/"')


async def _nothing() -> AsyncIterator[str]:
    return
    yield


class BothTest(SimpleTestCase):
    async def test_takes_as_long_as_the_slower_one(self) -> None:
        """Each waits until the other has begun: one after the other they would wait for ever."""
        meeting = threading.Barrier(2, timeout=10)

        async def ask(seconds: float) -> str:
            return await asyncio.to_thread(lambda: f"{seconds} {meeting.wait() >= 0}")

        def read(seconds: float) -> str:
            return f"{seconds} {meeting.wait() >= 0}"

        with (
            mock.patch("workshop.views.live._ask_string_maker", ask),
            mock.patch("workshop.views.live._read_scale", read),
        ):
            found = (await self.async_client.get("/both/?maker=2&scale=3&format=json")).json()
        self.assertEqual([call["said"] for call in found["calls"]], ["2.0 True", "3.0 True"])
        self.assertGreaterEqual(found["in_turn"], max(call["ended"] for call in found["calls"]))

    async def test_page(self) -> None:
        response = await self.async_client.get("/both/?maker=0&scale=0")
        self.assertContains(response, "The string maker")
        self.assertContains(response, 'id="took">0.0')


class EchoTest(SimpleTestCase):
    async def talk(self, path: str, *said: dict[str, object]) -> list[dict[str, object]]:
        """What the project's ASGI application sends to a WebSocket that says this and leaves."""
        came = [{"type": "websocket.connect"}, *said, {"type": "websocket.disconnect", "code": 1000}]
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return came.pop(0)

        async def send(event: dict[str, object]) -> None:
            sent.append(event)

        await application({"type": "websocket", "path": path}, receive, send)
        return sent

    async def test_says_everything_back(self) -> None:
        text, data = {"type": "websocket.receive", "text": "hello"}, {"type": "websocket.receive", "bytes": b"\0\xff"}
        accepted, *echoes = await self.talk("/echo/socket/", text, data)
        self.assertEqual(accepted, {"type": "websocket.accept"})
        self.assertEqual([echo["text"] or echo["bytes"] for echo in echoes], ["hello", b"\0\xff"])

    async def test_other_sockets_are_refused(self) -> None:
        self.assertEqual(await self.talk("/chat/"), [{"type": "websocket.close"}])

    async def test_everything_else_is_djangos(self) -> None:
        self.assertIsInstance(application.application_mapping["http"], ASGIHandler)


class TwistedTest(SimpleTestCase):
    def test_page_where_no_reactor_runs(self) -> None:
        self.assertContains(self.client.get("/twisted/"), "Twisted is not at home")

    def test_twisted_missing(self) -> None:
        with mock.patch.dict("sys.modules", {"twisted.internet": None}):
            self.assertEqual(reactor.ask().remark, "Twisted is not installed here.")

    def test_running_reactor_is_asked_in_its_own_thread(self) -> None:
        if reactor.ask().reactor is None:
            self.skipTest("Twisted is not installed")
        with (
            mock.patch("twisted.internet.reactor") as running,
            mock.patch("twisted.internet.threads.blockingCallFromThread", return_value=12.5) as ask,
            mock.patch("twisted.python.threadable.isInIOThread", return_value=False),
        ):
            running.running = True
            self.assertEqual(reactor.ask().seconds, 12.5)
            ask.assert_called_once_with(running, running.seconds)

    def test_reactor_never_waits_for_itself(self) -> None:
        if reactor.ask().reactor is None:
            self.skipTest("Twisted is not installed")
        with (
            mock.patch("twisted.internet.reactor") as running,
            mock.patch("twisted.internet.threads.blockingCallFromThread") as ask,
            mock.patch("twisted.python.threadable.isInIOThread", return_value=True),
        ):
            running.running = True
            running.seconds.return_value = 3.0
            self.assertEqual(reactor.ask().seconds, 3.0)
            ask.assert_not_called()


class QueryTest(SimpleTestCase):
    def test_whole_numbers(self) -> None:
        for text, value in (("7", 7), ("7.9", 7), ("0", 1), ("1e9", 100), ("inf", 10), ("x", 10)):
            with self.subTest(text=text):
                request = mock.Mock(GET={"mb": text})
                self.assertEqual(whole_number(request, "mb", default=10, low=1, high=100), value)

    def test_missing_number(self) -> None:
        self.assertEqual(number(mock.Mock(GET={}), "pause", default=0.2, low=0, high=2), 0.2)


class DemoUserTest(TestCase):
    def run_command(self, **environ: str) -> str:
        out = StringIO()
        with mock.patch.dict(os.environ, environ):
            call_command("demo_user", stdout=out)
        return out.getvalue()

    def test_prints_a_password_that_works(self) -> None:
        password = self.run_command(SHOWCASE_ADMIN_PASSWORD="").split("password: ")[1].strip()
        user = authenticate(username="demo", password=password)
        assert user is not None
        self.assertTrue(user.is_superuser)
        self.assertTrue(self.client.login(username="demo", password=password))
        self.assertContains(self.client.get("/admin/workshop/instrument/"), "Tidewater")

    def test_twice_makes_one_user_and_keeps_a_given_password(self) -> None:
        self.run_command(SHOWCASE_ADMIN_PASSWORD="four-strings-more")
        kept = get_user_model().objects.get().password
        self.run_command(SHOWCASE_ADMIN_PASSWORD="four-strings-more")
        self.assertEqual(get_user_model().objects.get().password, kept)

    def test_back_office_shows_repairs(self) -> None:
        ticket = RepairRequest.objects.create(name="Noel", instrument="Kite", problem="It buzzes.")
        self.run_command(SHOWCASE_ADMIN_PASSWORD="four-strings-more")
        self.client.login(username="demo", password="four-strings-more")
        page = self.client.get(f"/admin/workshop/repairrequest/{ticket.pk}/change/")
        self.assertContains(page, "It buzzes.")


class SecretTest(SimpleTestCase):
    def setUp(self) -> None:
        self.path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "data" / "secret-key"

    def test_is_made_once_for_its_owner_only(self) -> None:
        key = read_or_make(self.path)
        self.assertGreaterEqual(len(key), 50)
        self.assertEqual(read_or_make(self.path), key)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(list(self.path.parent.iterdir()), [self.path])

    def test_first_of_two_processes_wins(self) -> None:
        def link_second(draft: str, path: Path) -> None:
            path.write_text("the key of the other process")
            raise FileExistsError

        with mock.patch("showcase.secret.os.link", link_second):
            self.assertEqual(read_or_make(self.path), "the key of the other process")
