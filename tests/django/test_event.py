"""Events and their bytes, judged by a reader that was written from the standard (WHATWG HTML section 9.2)."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.django.event import HEARTBEAT, Event, encode
from tests.django.sse_parser import Parser, Read, read

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))


class TestWhatIsSaidIsHeard:
    """Section 9.2.6."""

    @given(TEXTS)
    def test_any_text(self, text):
        """The standard knows one line end; the three ways to spell it are the same to a reader."""
        heard = text.replace("\r\n", "\n").replace("\r", "\n")
        assert read(encode(text)) == [Read(heard)]

    @given(LINES.filter(bool), LINES, TEXTS)
    def test_every_field(self, name, number, text):
        (event,) = read(Event(text, event=name, id=number).encode())
        assert (event.type, event.last_event_id) == (name, number)

    @pytest.mark.parametrize("text", ["", " ", "\n", "a\n", "\na", "a\n\nb", " a", ": a", "data: a", "event: x"])
    def test_edges(self, text):
        assert read(encode(text)) == [Read(text)]

    def test_the_examples_of_the_standard(self):
        assert encode("This is the first message.") == b"data: This is the first message.\n\n"
        assert Event(73857293, event="add").encode() == b"event: add\ndata: 73857293\n\n"
        assert encode("YHOO\n+2\n10") == b"data: YHOO\ndata: +2\ndata: 10\n\n"

    def test_what_python_takes_for_a_line_end_is_data(self):
        text = "a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g"
        assert encode(text).count(b"data: ") == 1
        assert read(encode(text)) == [Read(text)]


class TestNobodyCanAddAnEvent:
    @pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
    def test_by_data(self, end):
        (event,) = read(encode(f"hello{end}{end}event: admin{end}data: evil{end}{end}"))
        assert event.type == "message" and event.data.startswith("hello")

    @pytest.mark.parametrize("name", ["event", "id"])
    @pytest.mark.parametrize("bad", ["a\nb", "a\r", "\r\ndata: evil", "a\0b"])
    def test_by_another_field(self, name, bad):
        with pytest.raises(ValueError, match=f"^{name} holds a line break"):
            Event("x", **{name: bad})

    @pytest.mark.parametrize("bad", [-1, 1.5, "3\ndata: evil", True])
    def test_by_retry(self, bad):
        with pytest.raises(ValueError, match="milliseconds"):
            Event("x", retry=bad)

    @pytest.mark.parametrize("name", ["event", "id"])
    def test_fields_are_text(self, name):
        with pytest.raises(TypeError, match=f"^{name} is int"):
            Event("x", **{name: 7})


class TestJson:
    def test_a_dict(self):
        (event,) = read(encode({"text": "two\nlines", "n": 1}))
        assert json.loads(event.data) == {"text": "two\nlines", "n": 1}

    def test_as_django_spells_it(self):
        (event,) = read(encode({"at": datetime.date(2026, 1, 2), "price": Decimal("1.50")}))
        assert json.loads(event.data) == {"at": "2026-01-02", "price": "1.50"}

    @pytest.mark.parametrize("data", [[1, 2], 0, False, 1.5])
    def test_whatever_json_has(self, data):
        (event,) = read(encode(data))
        assert json.loads(event.data) == data

    def test_what_json_has_not(self):
        with pytest.raises(TypeError):
            encode(object())


class TestWithoutData:
    def test_only_an_id(self):
        parser = Parser().feed(Event(id="7").encode())
        assert (parser.events, parser.last_event_id) == ([], "7")

    def test_an_empty_id_is_forgotten(self):
        parser = Parser().feed(Event("a", id="7").encode() + Event("b", id="").encode())
        assert [event.last_event_id for event in parser.events] == ["7", ""]

    def test_only_a_delay(self):
        parser = Parser().feed(Event(retry=2500).encode())
        assert (parser.events, parser.retry) == ([], 2500)

    @pytest.mark.parametrize("fields", [{}, {"event": "x"}])
    def test_nothing_is_no_event(self, fields):
        with pytest.raises(ValueError, match="says nothing"):
            Event(**fields)

    def test_a_heartbeat_is_nothing(self):
        """Not even where an event has just been heard."""
        parser = Parser().feed(encode("a") + HEARTBEAT + encode("b"))
        assert (len(parser.events), parser.comments, parser.last_event_id) == (2, 1, "")
