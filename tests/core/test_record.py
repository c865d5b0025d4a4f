"""Records are frozen dataclasses in all that is visible of them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace

import pytest

from hendrix.core.record import record


def make(decorate):
    @decorate(frozen=True)
    class Base:
        number: int
        words: list[str] = field(default_factory=list)

    @decorate(frozen=True)
    class Point(Base):
        name: str = "x"

        @property
        def twice(self) -> int:
            return self.number * 2

    return Point


@pytest.fixture(params=[record, dataclass], ids=["record", "dataclass"])
def point(request):
    return make(request.param)


def test_fields_defaults_and_what_is_made_of_them(point) -> None:
    one = point(3)
    assert (one.number, one.words, one.name, one.twice) == (3, [], "x", 6)
    assert point(1).words is not point(1).words
    assert point(1, ["a"], "n") == point(name="n", words=["a"], number=1)
    assert [each.name for each in fields(one)] == ["number", "words", "name"]
    assert asdict(point(1, ["a"])) == {"number": 1, "words": ["a"], "name": "x"}
    assert replace(one, name="y") == point(3, name="y")
    assert repr(one).endswith("Point(number=3, words=[], name='x')")


def test_equal_are_those_of_a_kind_with_equal_fields(point) -> None:
    assert point(1) == point(1)
    assert point(1) != point(2)
    assert point(1) != make(record)(1)
    assert hash(point(1, words=())) == hash(point(1, words=()))


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), ((1, [], "n", 4), {}), ((1,), {"number": 1}), ((1,), {"colour": "red"})]
)
def test_what_cannot_be_made(point, given, named) -> None:
    with pytest.raises(TypeError):
        point(*given, **named)


@pytest.mark.parametrize("decorate", [record, dataclass])
def test_methods_of_its_own_stay(decorate) -> None:
    @decorate(frozen=True)
    class Key:
        secret: str

        def __repr__(self) -> str:
            return "Key(***)"

        def __hash__(self) -> int:
            return 7

    assert repr([Key("x")]) == "[Key(***)]"
    assert hash(Key("x")) == 7
    assert Key("x") == Key("x") != Key("y")


def test_nothing_can_be_changed(point) -> None:
    one = point(1)
    with pytest.raises(FrozenInstanceError):
        one.number = 2
    with pytest.raises(FrozenInstanceError):
        del one.number


def test_matching_by_place(point) -> None:
    match point(7, ["a"]):
        case point(number, words):
            assert (number, words) == (7, ["a"])
