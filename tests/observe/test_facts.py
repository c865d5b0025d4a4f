"""Events as ``key=value`` text that can be read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.observe.facts import block, render, value
from tests.observe.reading import read_facts


class Rude:
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("plain", "plain"), ("/a/b-c.d:8000", "/a/b-c.d:8000"), ("two words", '"two words"'), ("", '""'),
        ("-", '"-"'), (None, "-"), (True, "true"), (False, "false"), (3, "3"), (0.25, "0.25"), (2.0, "2"),
        (1 / 3, "0.333333"), (1e-9, "0"), (1e21, "1000000000000000000000"), (b"raw \xff", '"raw \\\\xff"'),
        (["a", "b"], "a,b"), (("a b", 1), '"a b,1"'), ('say "x"', '"say \\"x\\""'), ("a=b", '"a=b"'),
        ("back\\slash", '"back\\\\slash"'), ("a\nb\rc\td", '"a\\nb\\rc\\td"'), ("\x1b[31m", '"\\x1b[31m"'),
        ("\x9b\u2028\u202e\U000e0001\udcff", '"\\x9b\\u2028\\u202e\\U000e0001\\udcff"'), ("Zoë", "Zoë"),
        (ValueError("bad thing"), '"ValueError: bad thing"'), (ValueError(), "ValueError"),
        (FileNotFoundError(2, "No such file"), '"[Errno 2] No such file"'), (Rude(), '"<Rude that cannot be shown>"'),
    ],
)  # fmt: skip
def test_a_value(fact: object, text: str) -> None:
    assert value(fact) == text


def test_facts_keep_their_order_and_the_stack_stays_out() -> None:
    assert render("worker.exited", {"worker": 3, "b": 1, "a": None, "stack": "x"}) == "worker.exited worker=3 b=1 a=-"


@given(st.dictionaries(st.from_regex(r"[a-z_]+", fullmatch=True).filter(lambda key: key != "stack"), st.text()))
def test_any_text_can_be_read_back_from_one_line(facts: dict[str, str]) -> None:
    line = render("name", facts)
    assert line.isprintable()
    assert read_facts(line.removeprefix("name")) == facts


@given(st.text())
def test_no_line_of_a_block_starts_at_the_margin(text: str) -> None:
    shown = block(text.splitlines())
    assert len(shown.split("\n")) == len(text.splitlines()) + 1
    assert all(line.startswith("    ") and line.isprintable() for line in shown.split("\n")[1:])
