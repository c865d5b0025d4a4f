"""Lines of the control socket, there and back, and everything that is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.core.console import ANSWER_LIMIT, LIMIT, Ask, Decoder, Done, Say, encode

FACTS = st.dictionaries(
    st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()), max_size=4
)
LINES = st.one_of(
    st.builds(Ask, st.text(), FACTS.map(lambda facts: {name: fact for name, fact in facts.items() if name != "do"})),
    st.builds(Say, st.text()),
    st.builds(Done, st.integers(0, 255), st.text(), st.text(), FACTS),
)


@given(st.lists(LINES), st.integers(1, 50))
def test_every_line_survives_in_pieces_of_any_size(lines, size):
    data = b"".join(encode(line) for line in lines)
    decoder = Decoder()
    found = []
    for start in range(0, len(data), size):
        found += decoder.feed(data[start : start + size])
    assert found == lines


def test_the_words_on_the_wire():
    assert json.loads(encode(Ask("stop", {"fast": True}))) == {"do": "stop", "fast": True}
    assert json.loads(encode(Say("loading"))) == {"say": "loading"}
    assert json.loads(encode(Done(3, "no module", "Traceback", {"pid": 1}))) == {
        "done": 3,
        "summary": "no module",
        "traceback": "Traceback",
        "facts": {"pid": 1},
    }
    assert encode(Ask("status")) == b'{"do": "status"}\n'


def test_what_is_asked_cannot_be_changed_by_a_fact():
    assert json.loads(encode(Ask("status", {"do": "stop"}))) == {"do": "status"}


def test_an_answer_of_another_version_may_say_more_or_less():
    assert Decoder().feed(b'{"done": 0, "colour": "red"}\n{"say": "x", "at": 1}\r\n') == [Done(0), Say("x")]


def test_any_text_arrives():
    text = "a\nb\r\u2028 \x00 \ud800 é 🎉"
    assert encode(Say(text)).count(b"\n") == 1
    assert Decoder().feed(encode(Say(text))) == [Say(text)]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"stop",
        b"null",
        b"[]",
        b'"do"',
        b"{}",
        b'{"do": 1}',
        b'{"do": null}',
        b'{"say": ["x"]}',
        b'{"done": "0"}',
        b'{"done": true}',
        b'{"done": 1.0}',
        b'{"done": -1}',
        b'{"done": 256}',
        b'{"done": 0, "summary": 1}',
        b'{"done": 0, "traceback": null}',
        b'{"done": 0, "facts": []}',
        b"\xff\xfe{\x00}\x00",
        b'{"do": "\xe9"}',
        b'\x00{"do": "stop"}',
        b"GET / HTTP/1.1\r",
        b"[" * 60_000,
        b'{"do": ' * 9_000,
        b'{"do": "stop", "n": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda line: line[:24].decode("latin-1"),
)
def test_nonsense_is_refused_in_one_line(line):
    with pytest.raises(ValueError) as caught:
        Decoder().feed(line + b"\n")
    assert "\n" not in str(caught.value)


class TestLimit:
    def test_a_line_that_just_fits(self):
        line = b'{"do": "stop"}'
        line += b" " * (LIMIT - len(line))
        assert Decoder(LIMIT).feed(line + b"\n") == [Ask("stop")]

    def test_a_line_past_it(self):
        with pytest.raises(ValueError, match=f"a line of more than {LIMIT} bytes"):
            Decoder(LIMIT).feed(b'{"do": "stop"}' + b" " * LIMIT + b"\n")

    def test_a_line_that_never_ends_is_refused_at_the_first_byte_past_it(self):
        decoder = Decoder(100)
        for _ in range(100):
            assert decoder.feed(b"x") == []
        with pytest.raises(ValueError, match="more than 100 bytes"):
            decoder.feed(b"x")

    def test_every_line_has_it_anew(self):
        line = encode(Say("x" * 80))
        assert len(Decoder(100).feed(line * 50)) == 50


class TestTooLong:
    def test_progress_loses_its_middle(self):
        data = encode(Say("begin" + "x" * 200_000 + "end"))
        (said,) = Decoder(LIMIT).feed(data)
        assert said.text.startswith("beginx")
        assert said.text.endswith("xend")
        assert "\n...\n" in said.text

    @pytest.mark.parametrize("letter", ["x", "é", "🎉", "\n"])
    def test_a_traceback_keeps_both_ends(self, letter):
        done = Done(3, "TypeError", "Traceback (most recent call last):\n" + letter * 300_000 + "\nTypeError: wrong")
        (found,) = Decoder(LIMIT).feed(encode(done))
        assert found.summary == "TypeError"
        assert found.traceback.startswith("Traceback (most recent call last):\n" + letter)
        assert found.traceback.endswith(letter + "\nTypeError: wrong")

    def test_a_summary_of_a_megabyte(self):
        (found,) = Decoder(LIMIT).feed(encode(Done(3, "TypeError: " + "x" * 1_000_000, "Traceback")))
        assert found.summary.startswith("TypeError: xxx")
        assert found.traceback == "Traceback"

    def test_facts_are_left_whole(self):
        facts = {"workers": [{"worker": number, "state": "ready" * 40} for number in range(512)]}
        data = encode(Done(0, facts=facts))
        assert LIMIT < len(data) < ANSWER_LIMIT
        assert Decoder().feed(data) == [Done(0, facts=facts)]
